// Who holds what, as told by Scheduler::hold and release: for finding cycles and naming holders.
// Only objects with one holder count in cycles, since a permit may come from another holder.
#pragma once

#include "thresher/runtime/fiber/wait.h"
#include "thresher/sim/id_table.h"
#include "thresher/sim/sim_fiber.h"

#include <cstdint>
#include <vector>

namespace thresher::sim {

class HoldTable {
 public:
  void hold(runtime::ObjectId object, SimFiber& fiber);
  /// Nothing when it was not held.
  void release(runtime::ObjectId object) noexcept;
  /// The only holder of `object`, if it lives; null when nobody or several hold it.
  SimFiber* holder(runtime::ObjectId object) const noexcept;
  bool empty() const noexcept { return index_.size() == 0; }
  void clear();

 private:
  struct Hold {
    SimFiber* fiber = nullptr;
    std::uint64_t fiber_id = 0;  ///< Records are reused: an ended holder has another id.
    std::uint32_t count = 0;
  };
  IdTable index_;
  std::vector<Hold> holds_;
  std::vector<std::uint32_t> free_;
};

}  // namespace thresher::sim
