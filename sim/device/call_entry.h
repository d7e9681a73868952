// One call into the simulated driver, from its first check to its return.
//
// Construction charges the host's time, takes the machine's lock, brings the devices to now and
// admits the call or not; `wait_until` blocks with the lock released. A call that is entered while
// its process ends does nothing and answers process_gone.
#pragma once

#include "thresher/sim/device/driver_core.h"

#include <memory>
#include <mutex>

namespace thresher::sim {

/// When the host's time for a call is charged. `later`: by the call itself, with `charge`.
enum class Charge : std::uint8_t { at_entry, later };

class CallEntry {
 public:
  /// Of a call that names no context.
  CallEntry(std::shared_ptr<DriverCore> core, gpu::DriverCall call);
  CallEntry(std::shared_ptr<DriverCore> core, gpu::DriverCall call, gpu::ContextHandle context,
            Charge charge = Charge::at_entry);
  CallEntry(const CallEntry&) = delete;
  CallEntry& operator=(const CallEntry&) = delete;

  /// Success when the call may go on.
  gpu::Status status() const noexcept { return status_; }
  bool refused() const noexcept { return !status_.ok(); }
  /// False when the process is ending and the call looked at nothing: the lock is not held.
  bool entered() const noexcept { return lock_.owns_lock(); }
  /// `refuse` for this call; a stale handle is told to the watch.
  gpu::Status refuse(gpu::DriverResult code);

  /// Goes on although an error of earlier work was due, which is dropped. Requires: the context is
  /// there and has no error that stays.
  void overlook();

  DriverCore& core() noexcept { return *core_; }
  /// Requires: not refused.
  ContextState& context();
  SimulatedDevice& device();
  Timeline& timeline() { return device().timeline(); }
  runtime::TimePoint now() const noexcept { return now_; }

  /// The host's time of this call, for `Charge::later`; see `spend`.
  void charge();
  /// Host time beyond what every such call costs, with the lock released. Afterwards the call is
  /// admitted anew: look at `refused()` again.
  void spend(runtime::Duration cost);
  /// Blocks until `done()` or `give_up`. Gives success then, else why the context can no longer
  /// get there. What `context()` gave before may be gone: ask again.
  gpu::Status wait_until(runtime::UniqueFunction<bool()> done,
                         runtime::TimePoint give_up = runtime::no_deadline);
  /// Blocks until all that the context was given before this call is done.
  gpu::Status wait_for_context(runtime::TimePoint give_up = runtime::no_deadline);

  void unlock() { lock_.unlock(); }

 private:
  void admit(Charge charge);
  void report_stale();
  runtime::Duration cost() const;

  /// Shared: a call that its caller wrote off may end after the driver was destroyed.
  std::shared_ptr<DriverCore> core_;
  gpu::DriverCall call_;
  gpu::ContextHandle handle_;
  bool has_context_ = false;
  std::unique_lock<std::mutex> lock_;
  runtime::TimePoint now_{};
  gpu::Status status_;
};

}  // namespace thresher::sim
