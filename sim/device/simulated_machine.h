// The devices of one simulated machine, shared by all its processes, and the one lock that guards
// them and every driver on them.
//
// Owned by the world, or by a real worker process. The lock is short: never held over a park, a
// spawn or a call to a CompletionSink.
#pragma once

#include "thresher/sim/device/simulated_device.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace thresher::sim {

class SimulatedMachine {
 public:
  SimulatedMachine() = default;
  SimulatedMachine(const SimulatedMachine&) = delete;
  SimulatedMachine& operator=(const SimulatedMachine&) = delete;

  /// Adds the next device. Before any process starts.
  SimulatedDevice& add_device(DeviceProfile profile);
  std::uint32_t device_count() const noexcept {
    return static_cast<std::uint32_t>(devices_.size());
  }
  /// Requires: ordinal < device_count(), and the caller holds the lock or runs alone.
  SimulatedDevice& device(gpu::DeviceOrdinal ordinal);

  /// Of all devices, now and later; null for none.
  void set_tap(CopyTap* tap) noexcept;

  std::mutex& lock() noexcept { return lock_; }
  /// Brings all devices to `now`. Requires: the lock.
  void advance(runtime::TimePoint now);
  /// When the next running work of any device ends. Requires: the lock.
  runtime::TimePoint next_end() const noexcept;

  DriverProcessId new_process() noexcept { return DriverProcessId{++processes_}; }
  DeviceContextId new_context() noexcept { return DeviceContextId{++contexts_}; }
  /// The operating system takes back what the process had. Requires: the lock.
  void end_process(DriverProcessId process, runtime::TimePoint now);

 private:
  std::mutex lock_;
  std::vector<std::unique_ptr<SimulatedDevice>> devices_;
  std::uint64_t processes_ = 0;
  std::uint64_t contexts_ = 0;
  runtime::TimePoint now_{};
  CopyTap* tap_ = nullptr;
};

}  // namespace thresher::sim
