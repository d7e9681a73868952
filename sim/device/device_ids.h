// Identities within the simulated hardware. They are counted from 1 over a machine's whole life and
// never used again, so that two runs of one seed give the same and a late message finds nobody.
#pragma once

#include <cstdint>

namespace thresher::sim {

/// A process that holds a driver, as the hardware sees it.
struct DriverProcessId {
  std::uint64_t value = 0;
  friend auto operator<=>(const DriverProcessId&, const DriverProcessId&) = default;
};

/// A context on a device, of some process.
struct DeviceContextId {
  std::uint64_t value = 0;
  friend auto operator<=>(const DeviceContextId&, const DeviceContextId&) = default;
};

/// A queue of in-order work on a device.
struct QueueId {
  std::uint64_t value = 0;
  friend auto operator<=>(const QueueId&, const QueueId&) = default;
};

}  // namespace thresher::sim
