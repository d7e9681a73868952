// The rolling 64-bit hash of a run: two runs of one key must give the same.
//
// Order-dependent; one multiplication a word. Not collision-proof against an adversary: it tells
// accidents of nondeterminism apart.
#pragma once

#include <cstdint>

namespace thresher::sim {

class TraceHash {
 public:
  void fold(std::uint64_t word) noexcept {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15u;
    value_ ^= value_ >> 29;
  }
  std::uint64_t value() const noexcept { return value_; }
  void reset() noexcept { value_ = start; }

 private:
  static constexpr std::uint64_t start = 0x7468726573686572u;
  std::uint64_t value_ = start;
};

}  // namespace thresher::sim
