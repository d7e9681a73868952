// Sleep, Event, Mutex and Semaphore on the scheduler seam alone.
//
// Whoever gives something over decides by `unpark` which waiter gets it: false means that the wait
// had ended already, and the next one is tried. A waiter that was given something and is unwound
// instead of resumed passes it on (its Wait's `granted`).
#include "thresher/runtime/fiber/sync.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {
namespace {

Operation operation_on(Scheduler& scheduler, const char* verb, const char* name) {
  return Operation{.verb = verb, .name = name, .object = scheduler.new_object()};
}

}  // namespace

Result<void> sleep_for(Scheduler& scheduler, Duration span, CancellationToken token) {
  THRESHER_ASSERT(span >= Duration::zero());
  return sleep_until(scheduler, deadline_after(scheduler.now(), span), std::move(token));
}

Result<void> sleep_until(Scheduler& scheduler, TimePoint time, CancellationToken token) {
  if (token.is_cancelled()) return fail(Errc::cancelled);
  Wait wait{Operation{.verb = "sleep", .name = "time"}};
  const WaitEnd end = token.park(scheduler, wait, time);
  THRESHER_ASSERT(end != WaitEnd::satisfied);
  return end == WaitEnd::timed_out ? Result<void>{} : result_of(end);
}

FiberEvent::FiberEvent(Scheduler& scheduler, const char* name)
    : scheduler_{scheduler},
      worker_{scheduler.current_worker()},
      operation_{operation_on(scheduler, "wait for", name)} {}

FiberEvent::~FiberEvent() { THRESHER_ASSERT(waiters_.empty() || scheduler_.unwinding()); }

void FiberEvent::set() noexcept {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  set_ = true;
  while (Wait* const wait = waiters_.pop_front()) {
    scheduler_.unpark(*wait, WaitEnd::satisfied);
  }
}

Result<void> FiberEvent::wait(CancellationToken token, TimePoint deadline) {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  scheduler_.touch(operation_);
  if (token.is_cancelled()) return fail(Errc::cancelled);
  if (set_) return {};
  Wait wait{operation_};
  const WaitEntry entry{waiters_, wait};
  return result_of(token.park(scheduler_, wait, deadline));
}

Mutex::Mutex(Scheduler& scheduler, const char* name)
    : scheduler_{scheduler},
      worker_{scheduler.current_worker()},
      operation_{operation_on(scheduler, "lock", name)} {}

Mutex::~Mutex() {
  THRESHER_ASSERT(waiters_.empty() || scheduler_.unwinding());
  THRESHER_ASSERT(!locked_ || scheduler_.unwinding());
}

bool Mutex::try_lock() {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  scheduler_.touch(operation_);
  if (locked_) return false;
  THRESHER_ASSERT(waiters_.empty());
  locked_ = true;
  owner_ = scheduler_.current();
  scheduler_.hold(operation_.object);
  return true;
}

Result<void> Mutex::lock(CancellationToken token, TimePoint deadline) {
  THRESHER_ASSERT(!locked_ || owner_ != scheduler_.current());
  if (token.is_cancelled()) return fail(Errc::cancelled);
  if (try_lock()) return {};
  Wait wait{operation_};
  wait.amount = scheduler_.current().value;
  const WaitEntry entry{waiters_, wait};
  WaitEnd end;
  try {
    end = token.park(scheduler_, wait, deadline);
  } catch (...) {
    if (wait.granted) hand_over();
    throw;
  }
  THRESHER_ASSERT(wait.granted == (end == WaitEnd::satisfied));
  if (wait.granted) scheduler_.hold(operation_.object);
  return result_of(end);
}

void Mutex::unlock() noexcept {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  THRESHER_ASSERT(locked_);
  scheduler_.release(operation_.object);
  hand_over();
}

void Mutex::hand_over() noexcept {
  while (Wait* const wait = waiters_.pop_front()) {
    if (!scheduler_.unpark(*wait, WaitEnd::satisfied)) continue;
    wait->granted = true;
    owner_ = FiberId{wait->amount};
    return;
  }
  locked_ = false;
  owner_ = FiberId{};
}

Semaphore::Semaphore(Scheduler& scheduler, const char* name, std::uint64_t permits)
    : scheduler_{scheduler},
      worker_{scheduler.current_worker()},
      operation_{operation_on(scheduler, "acquire", name)},
      permits_{permits} {}

Semaphore::~Semaphore() { THRESHER_ASSERT(waiters_.empty() || scheduler_.unwinding()); }

bool Semaphore::try_acquire(std::uint64_t count) {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  scheduler_.touch(operation_);
  if (!waiters_.empty() || permits_ < count) return false;
  permits_ -= count;
  return true;
}

Result<void> Semaphore::acquire(std::uint64_t count, CancellationToken token, TimePoint deadline) {
  if (token.is_cancelled()) return fail(Errc::cancelled);
  if (try_acquire(count)) return {};
  Wait wait{operation_};
  wait.amount = count;
  WaitEnd end;
  try {
    const WaitEntry entry{waiters_, wait};
    end = token.park(scheduler_, wait, deadline);
  } catch (...) {
    if (wait.granted) release(count);
    throw;
  }
  THRESHER_ASSERT(wait.granted == (end == WaitEnd::satisfied));
  if (!wait.granted) grant();  // It may have stood in the way of smaller requests.
  return result_of(end);
}

void Semaphore::release(std::uint64_t count) noexcept {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  THRESHER_ASSERT(permits_ + count >= permits_);
  permits_ += count;
  grant();
}

void Semaphore::grant() noexcept {
  while (!waiters_.empty() && waiters_.front()->amount <= permits_) {
    Wait* const wait = waiters_.pop_front();
    if (!scheduler_.unpark(*wait, WaitEnd::satisfied)) continue;
    wait->granted = true;
    permits_ -= wait->amount;
  }
}

}  // namespace thresher::runtime
