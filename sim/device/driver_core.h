// The inside of one process's simulated driver: its tables, its sticky errors, who is blocked in
// it, and the pumps that deliver completions.
//
// Shared by the SimulatedDriver and the fibers of its pumps, which may run once more after the
// driver was destroyed; hence the shared ownership. All state is guarded by the machine's lock.
// CallEntry is the only way in for calls: it charges the host's time, takes the lock, brings the
// device to now, and answers errors of earlier work before the call does anything.
#pragma once

#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/wait_list.h"
#include "thresher/sim/device/completion_pump.h"
#include "thresher/sim/device/driver_options.h"
#include "thresher/sim/device/driver_state.h"
#include "thresher/sim/device/simulated_machine.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace thresher::sim {

class DriverCore final : private ContextListener {
 public:
  DriverCore(runtime::Scheduler& scheduler, SimulatedMachine& machine,
             const DriverOptions& options);
  DriverCore(const DriverCore&) = delete;
  DriverCore& operator=(const DriverCore&) = delete;

  runtime::Scheduler& scheduler() noexcept { return scheduler_; }
  SimulatedMachine& machine() noexcept { return machine_; }
  const DriverOptions& options() const noexcept { return options_; }
  DriverProcessId process() const noexcept { return process_; }

  /// A schedule point and the host's time for `call`. Requires: not the lock.
  void charge(gpu::DriverCall call, runtime::Duration cost);

  /// The process ends: its work and memory on the devices go, calls in it and notices answer
  /// process_gone. Idempotent; never parks. Requires: not the lock.
  void end(bool deliver);

  // --- below: under the lock.
  bool closed() const noexcept { return closed_; }
  /// What the whole process answers; success while it is sound.
  gpu::Status process_status() const noexcept;
  ContextState* find(gpu::ContextHandle handle) noexcept;
  /// What a call on `handle` is answered before it does anything. A `pending` error is taken.
  gpu::Status admit(gpu::ContextHandle handle);
  /// How `notice` ends, or nothing while it is open.
  std::optional<gpu::Status> outcome(const Notice& notice);

  template <typename Handle>
  Handle new_handle() noexcept {
    return Handle{++handles_};
  }
  /// True when `value` was given out as a handle of any kind.
  bool was_issued(std::uint64_t value) const noexcept { return value != 0 && value <= handles_; }
  /// Adds a context to `device`. Answers out_of_memory, or why the device is not available.
  gpu::Answer<gpu::ContextHandle> open_context(gpu::DeviceOrdinal device);
  /// Destroys it with all it has.
  void close_context(gpu::ContextHandle handle);
  std::map<gpu::DeviceOrdinal, PrimaryState>& primaries() noexcept { return primaries_; }
  /// Bytes of pinned memory of all contexts, dead ones included.
  std::uint64_t& host_bytes() noexcept { return host_bytes_; }
  /// The block of pinned memory that holds all of `bytes`, of any context; null for pageable.
  bool is_pinned(const std::byte* at, std::uint64_t bytes) const;

  /// Waits of callers that are blocked in a call.
  runtime::WaitList& blocked() noexcept { return blocked_; }
  /// Makes everybody who waits look again.
  void wake_all() noexcept;
  /// The pump of `worker`.
  CompletionPump& pump(runtime::WorkerId worker);

  /// What shall go wrong with the next work that the calling fiber submits.
  void arm(const WorkFault& fault) { armed_[scheduler_.current()] = fault; }
  WorkFault take_armed();

 private:
  void context_failed(DeviceContextId context, gpu::Status status) override;

  runtime::Scheduler& scheduler_;
  SimulatedMachine& machine_;
  DriverOptions options_;
  DriverProcessId process_;
  runtime::ObjectId object_;
  bool closed_ = false;
  gpu::Status sticky_;
  std::map<gpu::ContextHandle, ContextState> contexts_;
  std::map<gpu::DeviceOrdinal, PrimaryState> primaries_;
  std::vector<HostBlock> retired_blocks_;
  std::uint64_t handles_ = 0;
  std::uint64_t host_bytes_ = 0;
  runtime::WaitList blocked_;
  std::map<runtime::WorkerId, std::unique_ptr<CompletionPump>> pumps_;
  std::map<runtime::FiberId, WorkFault> armed_;
};

}  // namespace thresher::sim
