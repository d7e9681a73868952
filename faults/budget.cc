// The promise: whatever is silent is excluded, since nothing but a scenario's own checks could see
// it; everything else is survived if it does not come all at once.
#include "thresher/faults/budget.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::faults {

Budget Budget::promised(std::uint64_t total, std::uint64_t concurrent) {
  THRESHER_ASSERT(concurrent <= total);
  Budget budget{.total_max = total, .concurrent_max = concurrent, .forbidden = {}};
  for (const KindRow& row : kind_table()) {
    budget.forbidden[static_cast<std::size_t>(row.kind)] = row.silent;
  }
  return budget;
}

}  // namespace thresher::faults
