// The hardware of one simulated GPU: memory, engines and health. It outlives every process that
// uses it; a process's own view (handles, sticky errors) is SimulatedDriver.
//
// Fault model: what may fail here is the device itself (off the bus, uncorrectable memory error,
// filled or fragmented memory) and any single piece of work (see WorkFault). A failed piece of
// work ends its context; how far that reaches is the driver's to say. Memory of contexts that are
// removed is free again at once, except for those of a zombie: a process that was killed while a
// kernel that nothing stops still ran.
// Rules: guarded by the machine's lock; the caller has brought the device to now.
#pragma once

#include "thresher/sim/device/device_memory.h"
#include "thresher/sim/device/device_profile.h"
#include "thresher/sim/device/fault_report.h"
#include "thresher/sim/device/timeline.h"

#include <cstdint>
#include <map>
#include <optional>

namespace thresher::sim {

/// Hears, under the machine's lock, that a context can do no more work. Must not call the device
/// but for removing that context's work.
class ContextListener {
 public:
  virtual ~ContextListener() = default;
  virtual void context_failed(DeviceContextId context, gpu::Status status) = 0;
};

/// Sees what copies bring to the host, when they do: for the trace hash. Never parks.
class CopyTap {
 public:
  virtual ~CopyTap() = default;
  virtual void copied_to_host(std::span<const std::byte> bytes) noexcept = 0;
};

/// Whether the device answers, and to whom.
enum class DeviceHealth : std::uint8_t {
  healthy,
  needs_reset,  ///< An error that it could not contain: no new context until it was reset.
  lost,         ///< Off the bus, or missing from the start.
};

class SimulatedDevice final : private WorkRunner {
 public:
  SimulatedDevice(gpu::DeviceOrdinal ordinal, DeviceProfile profile);
  SimulatedDevice(const SimulatedDevice&) = delete;
  SimulatedDevice& operator=(const SimulatedDevice&) = delete;

  const DeviceProfile& profile() const noexcept { return profile_; }
  gpu::DeviceOrdinal ordinal() const noexcept { return ordinal_; }
  DeviceMemory& memory() noexcept { return memory_; }
  const DeviceMemory& memory() const noexcept { return memory_; }
  Timeline& timeline() noexcept { return timeline_; }
  const Timeline& timeline() const noexcept { return timeline_; }

  /// A context with its own share of memory. `id` is new. Nothing when it does not fit.
  [[nodiscard]] bool add_context(DeviceContextId id, DriverProcessId process,
                                 ContextListener& listener);
  /// Drops the context's work and frees its memory.
  void remove_context(DeviceContextId id);
  /// Drops the context's work only: its memory stays until it is removed.
  void abort_work(DeviceContextId id);
  /// Removes the contexts of a process that ended, but for those that a stuck kernel holds.
  void remove_process(DriverProcessId process);

  /// Null for none; outlives the device or is taken out again.
  void set_tap(CopyTap* tap) noexcept { tap_ = tap; }

  DeviceHealth health() const noexcept { return health_; }
  /// What a new context is answered while the device is not healthy; success otherwise.
  gpu::Status availability() const noexcept;
  /// Every context fails with `status`, and the device stays in `health`.
  void break_down(DeviceHealth health, gpu::Status status, runtime::TimePoint now);
  /// As after a reset by the operator or a replaced card: healthy, empty of zombies, memory mended.
  void repair(runtime::TimePoint now);
  /// Context `id` fails with `status` although it did nothing.
  void lose_context(DeviceContextId id, gpu::Status status, runtime::TimePoint now);

  /// Contexts whose process has ended and that still hold memory.
  std::uint64_t zombie_count() const noexcept;
  std::uint64_t context_count() const noexcept { return contexts_.size(); }
  const std::optional<FaultReport>& last_fault() const noexcept { return last_fault_; }

 private:
  struct Context {
    DriverProcessId process;
    /// Null once the process has ended: nobody hears of it any more.
    ContextListener* listener = nullptr;
  };

  void finish(DeviceContextId context, Work& work, runtime::TimePoint at) override;
  void run_kernel(DeviceContextId context, Work& work, runtime::TimePoint at);
  void run_copy(DeviceContextId context, Work& work, runtime::TimePoint at);
  void fail(FaultReport report);

  gpu::DeviceOrdinal ordinal_;
  DeviceProfile profile_;
  DeviceMemory memory_;
  Timeline timeline_;
  std::map<DeviceContextId, Context> contexts_;
  DeviceHealth health_ = DeviceHealth::healthy;
  gpu::Status illness_;
  CopyTap* tap_ = nullptr;
  std::optional<FaultReport> last_fault_;
};

}  // namespace thresher::sim
