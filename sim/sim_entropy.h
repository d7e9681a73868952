// Entropy from the tape: one lane a name and process, `entropy/NAME` and `entropy/pN/NAME`. One
// object serves all processes: whose fiber runs decides the lane.
#pragma once

#include "thresher/runtime/fiber/entropy.h"
#include "thresher/sim/id_table.h"
#include "thresher/sim/lane_choices.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thresher::sim {

class SimScheduler;

class SimEntropy final : public runtime::Entropy {
 public:
  /// Both outlive this object.
  SimEntropy(LaneChoices& choices, const SimScheduler& scheduler)
      : choices_{choices}, scheduler_{scheduler} {}
  void begin() { lanes_.clear(); }
  std::uint64_t next(std::string_view name) override;

 private:
  LaneChoices& choices_;
  const SimScheduler& scheduler_;
  IdTable lanes_;  ///< By process and name.
};

}  // namespace thresher::sim
