// Words of a fault report: the code by name, the work, the context, the virtual time, and the
// detail when there is one.
#include "thresher/sim/device/fault_report.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::sim {

std::string FaultReport::text() const {
  THRESHER_ASSERT(!status.ok());
  std::string line{gpu::name(status.code)};
  line += status.injected ? " (injected) in " : " in ";
  line += work + " of context " + std::to_string(context.value) + " at " +
          std::to_string(at.time_since_epoch().count()) + " ns";
  if (!detail.empty()) line += ": " + detail;
  return line;
}

}  // namespace thresher::sim
