// Where a run is: for failures, records and reports. The scheduler keeps it up to date.
// Nothing decides by it but the scheduler.
#pragma once

#include "thresher/runtime/base/time.h"

#include <cstdint>

namespace thresher::sim {

struct Position {
  /// Schedule decisions made so far.
  std::uint64_t step = 0;
  runtime::TimePoint now{};
  /// The running fiber; 0 and "" outside all fibers.
  std::uint64_t fiber = 0;
  const char* fiber_name = "";
};

}  // namespace thresher::sim
