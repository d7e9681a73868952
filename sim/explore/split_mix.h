// SplitMix64 (Steele, Lea, Flood 2014): the generator behind strategies and lanes.
//
// Its whole state is one word and seeding it costs nothing, so that thousands of lanes can have
// one each; it passes BigCrush. Not for secrets.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <cstdint>

namespace thresher::sim {

class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed = 0) noexcept : state_{seed} {}

  std::uint64_t next() noexcept { return runtime::mix(state_ += 0x9e3779b97f4a7c15u); }

  /// Uniform in [0, n). Requires: n >= 1.
  std::uint64_t below(std::uint64_t n) noexcept {
    THRESHER_ASSERT(n >= 1);
    return runtime::scale(next(), n);
  }

 private:
  std::uint64_t state_;
};

}  // namespace thresher::sim
