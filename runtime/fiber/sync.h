// Sleep, Event, Mutex and Semaphore: waiting within one worker.
//
// All three belong to the worker that made them (asserted): turns of one worker need no other
// locks. Waiters are served in order of arrival; what was granted to a wait that had ended goes to
// the next. In simulation what may wait is a schedule point and names its object; what gives back
// (set, unlock, release) is none, so that destructors may do it.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <cstdint>

namespace thresher::runtime {

/// Parks for `span`. Errors: cancelled.
Result<void> sleep_for(Scheduler& scheduler, Duration span, CancellationToken token = {});
/// Parks until `time`. Errors: cancelled.
Result<void> sleep_until(Scheduler& scheduler, TimePoint time, CancellationToken token = {});

/// Set once or again and again; waiters pass while it is set. Named so because `Event` is what a
/// Probe records.
class FiberEvent {
 public:
  FiberEvent(Scheduler& scheduler, const char* name);
  ~FiberEvent();
  bool is_set() const noexcept { return set_; }
  /// Sets it and wakes all waiters. Never parks.
  void set() noexcept;
  /// Clears it.
  void clear() noexcept { set_ = false; }
  /// Errors: timeout, cancelled.
  Result<void> wait(CancellationToken token = {}, TimePoint deadline = no_deadline);

 private:
  Scheduler& scheduler_;
  WorkerId worker_;
  Operation operation_;
  WaitList waiters_;
  bool set_ = false;
};

/// Mutual exclusion between fibers of one worker across their waits; fair.
class Mutex {
 public:
  Mutex(Scheduler& scheduler, const char* name);
  ~Mutex();
  /// Errors: timeout, cancelled. Not recursive: a fiber that holds it asserts.
  Result<void> lock(CancellationToken token = {}, TimePoint deadline = no_deadline);
  bool try_lock();
  /// Hands over to the next waiter. Never parks; allowed in destructors and while unwinding.
  void unlock() noexcept;
  bool locked() const noexcept { return locked_; }

 private:
  void hand_over() noexcept;

  Scheduler& scheduler_;
  WorkerId worker_;
  Operation operation_;
  WaitList waiters_;
  FiberId owner_{};
  bool locked_ = false;
};

/// Holds a locked Mutex for a scope.
class MutexLock {
 public:
  /// Requires: `mutex` is locked by the calling fiber.
  explicit MutexLock(Mutex& mutex) noexcept : mutex_{&mutex} {}
  MutexLock(MutexLock&& other) noexcept : mutex_{other.mutex_} { other.mutex_ = nullptr; }
  MutexLock& operator=(MutexLock&&) = delete;
  ~MutexLock() {
    if (mutex_ != nullptr) mutex_->unlock();
  }

 private:
  Mutex* mutex_;
};

/// Permits, given out in order of arrival (a large request at the front is not overtaken).
class Semaphore {
 public:
  Semaphore(Scheduler& scheduler, const char* name, std::uint64_t permits);
  ~Semaphore();
  /// Takes `count` permits. Errors: timeout, cancelled; then none was taken.
  Result<void> acquire(std::uint64_t count = 1, CancellationToken token = {},
                       TimePoint deadline = no_deadline);
  bool try_acquire(std::uint64_t count = 1);
  /// Gives `count` permits back and wakes who can go on. Never parks.
  void release(std::uint64_t count = 1) noexcept;
  std::uint64_t available() const noexcept { return permits_; }
  std::uint64_t waiting() const noexcept { return waiters_.size(); }

 private:
  void grant() noexcept;

  Scheduler& scheduler_;
  WorkerId worker_;
  Operation operation_;
  WaitList waiters_;
  std::uint64_t permits_;
};

}  // namespace thresher::runtime
