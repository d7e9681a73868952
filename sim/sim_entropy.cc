// Draws of 64 bits from lanes. The lane of a name is looked up once a run and remembered by number,
// since products draw often and by few names.
#include "thresher/sim/sim_entropy.h"

#include "thresher/runtime/base/hash.h"
#include "thresher/sim/sim_scheduler.h"

namespace thresher::sim {

std::uint64_t SimEntropy::next(std::string_view name) {
  THRESHER_ASSERT(!name.empty());
  const std::uint64_t process = scheduler_.current_process().id;
  const std::uint64_t key = runtime::combine(process, runtime::hash_name(name));
  std::uint32_t lane = lanes_.find(key);
  if (lane == IdTable::none) {
    std::string full = "entropy/";
    if (process != 0) full += "p" + std::to_string(process) + "/";
    lane = choices_.lane(full.append(name)).value;
    lanes_.insert(key, lane);
  }
  return choices_.draw(LaneId{lane}, THRESHER_SITE("sim.entropy"));
}

}  // namespace thresher::sim
