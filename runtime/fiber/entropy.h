// The seam for randomness. Real: PCG seeded by the operating system. Simulated: drawn from the
// tape, one lane for each name, so that one more draw here moves nothing there.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <cstdint>
#include <string_view>

namespace thresher::runtime {

class Entropy {
 public:
  virtual ~Entropy() = default;

  /// The next 64 bits of the stream `name` (a literal). Never parks.
  virtual std::uint64_t next(std::string_view name) = 0;

  /// Uniform in [0, n) without bias that matters (n is far below 2^64). Requires: n >= 1.
  std::uint64_t below(std::string_view name, std::uint64_t n) {
    THRESHER_ASSERT(n >= 1);
    return n == 1 ? 0 : scale(next(name), n);
  }
};

}  // namespace thresher::runtime
