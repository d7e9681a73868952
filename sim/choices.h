// Choices: the only source of what is undecided, apart from the schedule itself.
//
// Each named lane is a stream of its own (`work`, `fault/device1`, `draw/pool.size`): an answer
// added or dropped in one shifts no other. While exploring, answers come from the lane's
// generator, seeded by hash(seed, lane name); while replaying, from the tape's lane, in order.
// Answer 0 is always the dull one: no fault, shortest delay, smallest value, end of workload.
// All answers fold into the trace hash.
#pragma once

#include "thresher/runtime/base/hash.h"

#include <cstdint>
#include <string_view>

namespace thresher::sim {

/// Index of a lane within one world.
struct LaneId {
  std::uint32_t value = 0;
};

/// An exact ratio; probabilities are never floating point. Requires: den >= 1, num <= den.
struct Ratio {
  std::uint32_t num = 0;
  std::uint32_t den = 1;
};

class Choices {
 public:
  virtual ~Choices() = default;

  /// The lane of that name, made on first use. The id is valid for this world only.
  virtual LaneId lane(std::string_view name) = 0;
  /// An answer in [0, n). Requires: n >= 1 (n == 1 answers 0 and is not recorded).
  virtual std::uint64_t choose(LaneId lane, std::uint64_t n, const runtime::Site& site) = 0;

  /// True with the given ratio; false is answer 0.
  bool chance(LaneId lane, Ratio ratio, const runtime::Site& site) {
    return choose(lane, ratio.den, site) >= ratio.den - ratio.num;
  }
  /// A value in [low, high], low being answer 0. Requires: low <= high.
  std::uint64_t between(LaneId lane, std::uint64_t low, std::uint64_t high,
                        const runtime::Site& site) {
    return low + choose(lane, high - low + 1, site);
  }
};

}  // namespace thresher::sim
