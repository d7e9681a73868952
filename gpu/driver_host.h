// The seam that holds drivers: one worker process a device, replaced at a Full reset.
//
// A process-scoped error costs one device, because its driver lives in a process of its own. The
// host starts and kills that process and hands out a Driver that forwards into it. Implementations:
// the simulated one on runtime::Processes (sim/device), InProcessDriverHost below for operation
// without isolation, the real worker process later. Callers: `DeviceNode` alone.
//
// Left out: what to do when a process dies; that is the layer's Recovery.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"

#include <cstdint>

namespace thresher::gpu {

/// A running driver process.
struct DriverProcess {
  /// Lives as long as the DriverHost, also after the process ended: a dead one answers
  /// DriverResult::process_gone to every call and touches nothing.
  Driver* driver = nullptr;
  /// Counts the processes of this device from 1; never reused.
  std::uint64_t incarnation = 0;
};

/// Starts and replaces the processes that hold the driver. Used from the fibers of one process, by
/// any worker; calls for one device are serialised by the caller.
class DriverHost {
 public:
  virtual ~DriverHost() = default;

  /// Devices of this node, those that are lost included. Needs no running driver process. Never
  /// parks. Errors: unavailable (no driver installed).
  virtual runtime::Result<std::uint32_t> device_count() = 0;

  /// Starts the process of `device` and parks until its driver answers. All ordinals keep their
  /// number in it. Requires: no process of `device` runs. Errors: timeout, device_lost,
  /// unavailable (worth trying again), process_gone (it died while starting).
  virtual runtime::Result<DriverProcess> start(DeviceOrdinal device,
                                               runtime::TimePoint deadline) = 0;

  /// Ends that process, whatever it does, and parks until it is gone. Before this returns, every
  /// call pending in it has answered process_gone (also those inside Scheduler::run_blocking) and
  /// every pending `notify` was completed with process_gone. Succeeds when it had ended before.
  /// Errors: timeout (it would not die: the device must be given up), needs_isolation.
  virtual runtime::Result<void> kill(DeviceOrdinal device, std::uint64_t incarnation,
                                     runtime::TimePoint deadline) = 0;

  /// True when `kill` can work. Without it Full cannot: the layer answers needs_isolation.
  virtual bool isolated() const noexcept = 0;
};

/// One driver in our own process for all devices: no isolation, so Full fails closed.
class InProcessDriverHost final : public DriverHost {
 public:
  /// `driver` outlives the host.
  explicit InProcessDriverHost(Driver& driver) noexcept : driver_{driver} {}

  runtime::Result<std::uint32_t> device_count() override;
  runtime::Result<DriverProcess> start(DeviceOrdinal device, runtime::TimePoint deadline) override;
  runtime::Result<void> kill(DeviceOrdinal device, std::uint64_t incarnation,
                             runtime::TimePoint deadline) override;
  bool isolated() const noexcept override { return false; }

 private:
  Driver& driver_;
};

}  // namespace thresher::gpu
