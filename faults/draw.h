// How faults are drawn: the one thing undecided that a plan may contain, given from outside.
//
// In the simulated world answers come from the tape's lanes (`fault/device1`), so that a fault
// added or dropped on one device shifts no draw of another. Answer 0 is always the dull one: no
// fault, the smallest value.
#pragma once

#include "thresher/runtime/base/hash.h"

#include <cstdint>
#include <string_view>

namespace thresher::faults {

/// An exact ratio; probabilities are never floating point. Invariant: den >= 1 and num <= den.
struct Ratio {
  std::uint32_t num = 1;
  std::uint32_t den = 1;
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

class Draw {
 public:
  virtual ~Draw() = default;
  /// True with the given ratio. Never parks.
  virtual bool chance(std::string_view lane, Ratio ratio, const runtime::Site& site) = 0;
  /// A value in [0, n). Requires: n >= 1. Never parks.
  virtual std::uint64_t below(std::string_view lane, std::uint64_t n,
                              const runtime::Site& site) = 0;
};

/// Draws the dull answer always: for plans without ratios.
class DullDraw final : public Draw {
 public:
  bool chance(std::string_view, Ratio ratio, const runtime::Site&) override {
    return ratio.num == ratio.den;
  }
  std::uint64_t below(std::string_view, std::uint64_t, const runtime::Site&) override { return 0; }
};

}  // namespace thresher::faults
