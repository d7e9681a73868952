// Waits and time: parking, waking, deadlines, busy workers, blocking calls. Time moves here and
// nowhere else.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/sim_scheduler.h"

#include <utility>

namespace thresher::sim {
namespace {

using runtime::Duration;
using runtime::Errc;
using runtime::Result;
using runtime::Task;
using runtime::TimePoint;
using runtime::Wait;
using runtime::WaitEnd;

constexpr std::uint8_t ended_as(WaitEnd how) noexcept {
  return static_cast<std::uint8_t>(Wait::Slot::ended + static_cast<std::uint8_t>(how));
}

WaitEnd end_of(const Wait& wait) noexcept {
  const std::uint8_t state = wait.slot.state.load(std::memory_order_relaxed);
  THRESHER_ASSERT(state >= Wait::Slot::ended);
  return static_cast<WaitEnd>(state - Wait::Slot::ended);
}

bool has_ended(const Wait& wait) noexcept {
  return wait.slot.state.load(std::memory_order_relaxed) >= Wait::Slot::ended;
}

void end_wait(Wait& wait, WaitEnd how) noexcept {
  wait.slot.state.store(ended_as(how), std::memory_order_relaxed);
}

}  // namespace

void SimScheduler::make_ready(SimFiber& fiber) {
  THRESHER_ASSERT(!fiber.counted);
  SimWorker& home = *fiber.home;
  if (home.busy) {
    home.deferred.push_back(&fiber);
    return;
  }
  fiber.counted = true;
  ++ready_count_;
  ++home.ready;
  ready_.push(fiber);
  if (fiber.announced) {
    strategy_->ready(fiber);
  } else {
    fiber.announced = true;
    strategy_->spawned(fiber);
  }
}

void SimScheduler::block(SimFiber& fiber) {
  THRESHER_ASSERT(fiber.counted);
  THRESHER_ASSERT(!fiber.queued);
  fiber.counted = false;
  --ready_count_;
  --fiber.home->ready;
}

WaitEnd SimScheduler::park_until(Wait& wait, TimePoint deadline) {
  THRESHER_ASSERT(current_ != nullptr);
  SimFiber& self = *current_;
  if ((self.must_unwind || ending_) && refuse(self)) return WaitEnd::cancelled;
  if (has_ended(wait)) return end_of(wait);
  wait.slot.fiber = &self;
  wait.slot.state.store(Wait::Slot::parked, std::memory_order_relaxed);
  self.wait = &wait;
  self.next = &wait.operation();
  if (trace_ != nullptr) {
    trace(TraceKind::parked, wait.operation().object.value, 0, wait.operation().name);
  }
  if (deadline != runtime::no_deadline) {
    timers_.add(self, std::max(deadline, position_.now),
                !self.background || wait.serves_foreground);
  } else if (!holds_.empty()) {
    check_cycle(self);
  }
  leave_parked(self);
  self.wait = nullptr;
  return end_of(wait);
}

void SimScheduler::leave_parked(SimFiber& self) {
  strategy_->blocked(self);
  block(self);
  SimFiber* const next = next_to_run();
  // Its own deadline may have been the next event: then nothing is switched.
  if (next != &self) switch_to(next);
  if (self.must_unwind) [[unlikely]] throw_unwind(self);
}

bool SimScheduler::unpark(Wait& wait, WaitEnd how) noexcept {
  if (has_ended(wait)) return false;
  const bool parked = wait.slot.state.load(std::memory_order_relaxed) == Wait::Slot::parked;
  end_wait(wait, how);
  if (!parked) return true;
  SimFiber& fiber = *static_cast<SimFiber*>(wait.slot.fiber);
  THRESHER_ASSERT(fiber.wait == &wait);
  fiber.wait = nullptr;
  timers_.remove(fiber);
  if (trace_ != nullptr) trace(TraceKind::woken, fiber.id, static_cast<std::uint64_t>(how));
  make_ready(fiber);
  return true;
}

bool SimScheduler::advance_time() {
  THRESHER_ASSERT(ready_count_ == 0);
  if (timers_.hopeful() == 0) {
    report_deadlock();
    end_world();
    return false;
  }
  const TimePoint next = timers_.earliest();
  THRESHER_ASSERT(next >= position_.now);
  if (next > position_.now) {
    position_.now = next;
    ++instant_;
    hash_.fold(static_cast<std::uint64_t>(next.time_since_epoch().count()));
  }
  const std::size_t due = timers_.gather(position_.now);
  std::size_t index = 0;
  if (due > 1) {
    if (!has_time_lane_) time_lane_ = choices_.lane("time");
    has_time_lane_ = true;
    index = choices_.choose(time_lane_, due, THRESHER_SITE("sim.due_timer"));
  }
  wake(timers_.take_due(index));
  return true;
}

void SimScheduler::wake(SimFiber& due) {
  if (trace_ != nullptr) {
    trace(TraceKind::woken, due.id, static_cast<std::uint64_t>(WaitEnd::timed_out));
  }
  if (due.spending) {
    due.spending = false;
    due.home->busy = false;
    make_ready(due);
    end_busy(*due.home);
    return;
  }
  THRESHER_ASSERT(due.wait != nullptr);
  end_wait(*due.wait, WaitEnd::timed_out);
  due.wait = nullptr;
  make_ready(due);
}

void SimScheduler::end_busy(SimWorker& worker) {
  worker.busy = false;
  for (SimFiber* const fiber : worker.deferred) make_ready(*fiber);
  worker.deferred.clear();
}

bool SimScheduler::only_this_one_until(TimePoint time) const noexcept {
  return ready_count_ == 1 && (timers_.empty() || timers_.earliest() > time);
}

void SimScheduler::spend(Duration span) {
  THRESHER_ASSERT(current_ != nullptr);
  THRESHER_ASSERT(span >= Duration::zero());
  SimFiber& self = *current_;
  if (span == Duration::zero() || unwinding()) return;
  const TimePoint until = runtime::deadline_after(position_.now, span);
  if (only_this_one_until(until)) {
    position_.now = until;
    ++instant_;
    hash_.fold(static_cast<std::uint64_t>(until.time_since_epoch().count()));
    return;
  }
  SimWorker& home = *self.home;
  THRESHER_ASSERT(!home.busy);
  THRESHER_ASSERT(home.deferred.empty());
  // The worker's other ready fibers step aside, keeping their order.
  for (SimFiber* fiber = ready_.oldest(); fiber != nullptr && home.ready > 1;) {
    SimFiber* const following = fiber->newer;
    if (fiber->home == &home) {
      ready_.remove(*fiber);
      strategy_->blocked(*fiber);
      block(*fiber);
      home.deferred.push_back(fiber);
    }
    fiber = following;
  }
  home.busy = true;
  self.spending = true;
  timers_.add(self, until, true);
  leave_parked(self);
}

SimWorker& SimScheduler::blocking_worker(SimFiber& caller) {
  ProcessGroup& process = *caller.home->process;
  if (free_blocking_workers_.empty()) {
    if (workers_used_ == workers_.size()) workers_.emplace_back();
    free_blocking_workers_.push_back(&workers_[workers_used_++]);
  }
  SimWorker& worker = *free_blocking_workers_.back();
  free_blocking_workers_.pop_back();
  worker.ordinal = process.worker_count;  // Beyond those that fibers can be spawned on.
  worker.process = &process;
  worker.busy = false;
  worker.ready = 0;
  worker.deferred.clear();
  return worker;
}

Result<void> SimScheduler::run_blocking(const char* name, Task body, TimePoint deadline) {
  THRESHER_ASSERT(current_ != nullptr);
  THRESHER_ASSERT(static_cast<bool>(body));
  SimFiber& self = *current_;
  if (unwinding()) return runtime::fail(Errc::process_gone);
  // Shared by the caller, who may leave at the deadline, and the fiber, which may go on for ever.
  struct Call {
    Task body;
    Wait* wait = nullptr;
  };
  const auto call = std::make_shared<Call>(Call{std::move(body)});
  Task work = [this, call] {
    call->body();
    if (call->wait != nullptr) unpark(*call->wait, WaitEnd::satisfied);
  };
  SimFiber& helper = make_fiber(blocking_worker(self),
                                {.name = name, .background = self.background}, std::move(work));
  helper.blocking = true;
  make_ready(helper);
  Wait wait{{.verb = "run_blocking", .name = name}};
  call->wait = &wait;
  struct Leave {
    Call& call;
    ~Leave() { call.wait = nullptr; }
  } const leave{*call};
  if (park_until(wait, deadline) == WaitEnd::satisfied) return {};
  ++written_off_;
  return runtime::fail(Errc::timeout);
}

}  // namespace thresher::sim
