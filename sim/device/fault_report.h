// What the device knows about the last thing that went wrong on it, for reports: which kernel,
// where, and what lay nearby. A real driver tells none of this; the layer above never reads it.
#pragma once

#include "thresher/gpu/driver_result.h"
#include "thresher/runtime/base/time.h"
#include "thresher/sim/device/device_ids.h"

#include <cstdint>
#include <string>

namespace thresher::sim {

struct FaultReport {
  runtime::TimePoint at{};
  DeviceContextId context;
  gpu::Status status;
  /// The kernel's name, or the kind of copy.
  std::string work;
  /// The bad access and the nearest allocation, or "".
  std::string detail;

  /// One line for people.
  std::string text() const;
};

}  // namespace thresher::sim
