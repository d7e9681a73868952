// Who makes the faults that a wrapper cannot: interfaces of the devices and processes under test.
//
// Implemented by the simulated device and driver host; on CUDA by saboteur kernels, later. What a
// device cannot do is asked before the run, never found out in it.
#pragma once

#include "thresher/faults/plan.h"
#include "thresher/gpu/driver.h"

namespace thresher::faults {

/// Strikes the work that one process submits. One a driver; from the fibers that call the driver.
class WorkSaboteur {
 public:
  virtual ~WorkSaboteur() = default;
  /// The next kernel or copy that the calling fiber submits goes wrong as `effect` says.
  virtual void arm(const Effect& effect) = 0;
  /// Takes back what `arm` set when nothing was submitted. Harmless otherwise.
  virtual void disarm() = 0;
  /// The context is lost, although it did nothing wrong.
  virtual void lose_context(gpu::ContextHandle context) = 0;
};

/// Strikes whole devices. One a machine. Never parks.
class DeviceSaboteur {
 public:
  virtual ~DeviceSaboteur() = default;
  /// True when this device can make faults of that kind (work's and the device's own).
  virtual bool can(FaultKind kind) const noexcept = 0;
  virtual std::uint32_t device_count() const noexcept = 0;
  /// Requires: kind is fallen_off_bus, memory_filled, memory_fragmented or device_missing.
  virtual void strike(gpu::DeviceOrdinal device, const Effect& effect) = 0;
  /// Ends all that `strike` made on the device; its hardware is as new.
  virtual void heal(gpu::DeviceOrdinal device) = 0;
};

/// Ends worker processes.
class ProcessSaboteur {
 public:
  virtual ~ProcessSaboteur() = default;
  /// The process that holds the driver of `device` dies at once, if it runs. Never parks.
  virtual void kill_worker(gpu::DeviceOrdinal device) = 0;
};

}  // namespace thresher::faults
