// Ends: unwinding the fibers of a process or of the whole world.
//
// A victim is switched to from whoever unwinds it and comes back when its body has been left;
// nothing else runs in between. The newest goes first: what a fiber made outlives the fibers it
// started.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/sim_scheduler.h"

#include <exception>

namespace thresher::sim {
namespace {

using runtime::FiberUnwind;
using runtime::Wait;
using runtime::WaitEnd;

constexpr std::uint32_t unwinds_max = 3;
// Calls that a destructor may make in vain before it is taken for an endless loop.
constexpr std::uint32_t refusals_max = 1000;

}  // namespace

bool SimScheduler::refuse(SimFiber& self) {
  // The world ends: the main context takes over and unwinds this fiber in its turn.
  if (!self.must_unwind) switch_to(nullptr);
  THRESHER_ASSERT(self.must_unwind);
  throw_unwind(self);
  return true;
}

void SimScheduler::throw_unwind(SimFiber& self) {
  self.wait = nullptr;
  if (std::uncaught_exceptions() > 0) {
    // A destructor may not throw; it gets its answer at once.
    if (++self.refusals > refusals_max) abandon(self);
    return;
  }
  if (++self.unwinds > unwinds_max) abandon(self);
  throw FiberUnwind{ending_ ? FiberUnwind::Reason::world_ended
                            : FiberUnwind::Reason::process_killed};
}

void SimScheduler::abandon(SimFiber& self) {
  THRESHER_ASSERT(self.must_unwind);
  ++abandoned_;
  // Its record stays out of use for good, since what lies on its stack may point to it.
  unlink(self);
  SimFiber* const next = self.resumed_to_unwind ? self.resumer : next_to_run();
  carriers_.abandon(*self.carrier);
  switch_to(next);
  THRESHER_UNREACHABLE();
}

void SimScheduler::mark_dead(SimFiber& victim) noexcept {
  if (victim.must_unwind) return;
  victim.must_unwind = true;
  if (victim.keeps_alive) --alive_;
  if (victim.wait != nullptr) {
    constexpr auto cancelled = static_cast<std::uint8_t>(
        Wait::Slot::ended + static_cast<std::uint8_t>(WaitEnd::cancelled));
    victim.wait->slot.state.store(cancelled, std::memory_order_relaxed);
  }
  timers_.remove(victim);
  if (victim.queued) ready_.remove(victim);
  if (victim.counted) {
    strategy_->ended(victim);
    block(victim);
  }
  if (victim.spending) {
    victim.spending = false;
    victim.home->busy = false;
  }
  victim.home->deferred.clear();  // All of them are of this process.
}

void SimScheduler::unwind(SimFiber& victim) {
  THRESHER_ASSERT(victim.must_unwind);
  THRESHER_ASSERT(!victim.resumed_to_unwind);
  const bool silent_before = silent_;
  silent_ = true;
  choices_.set_silent(true);
  victim.resumed_to_unwind = true;
  victim.resumer = current_;
  SimFiber* const self = current_;
  if (victim.carrier == nullptr) {
    victim.body.reset();
    recycle(victim);
  } else {
    switch_to(&victim);
  }
  set_current(self);
  silent_ = silent_before;
  choices_.set_silent(silent_before);
}

void SimScheduler::end_process(ProcessGroup& process) {
  if (process.dead) return;
  process.dead = true;
  for (SimFiber* fiber = last_; fiber != nullptr; fiber = fiber->before) {
    if (fiber->home->process == &process) mark_dead(*fiber);
  }
  const auto newest_victim = [&]() -> SimFiber* {
    for (SimFiber* fiber = last_; fiber != nullptr; fiber = fiber->before) {
      if (fiber->home->process == &process && fiber != current_ && !fiber->resumed_to_unwind) {
        return fiber;
      }
    }
    return nullptr;
  };
  while (SimFiber* const victim = newest_victim()) unwind(*victim);
  if (alive_ == 0) end_world();
}

void SimScheduler::unwind_all() {
  THRESHER_ASSERT(current_ == nullptr);
  THRESHER_ASSERT(ending_);
  for (SimFiber* fiber = last_; fiber != nullptr; fiber = fiber->before) mark_dead(*fiber);
  for (std::size_t i = 0; i < processes_used_; ++i) processes_[i].dead = true;
  while (last_ != nullptr) unwind(*last_);
  THRESHER_ASSERT(ready_count_ == 0);
  THRESHER_ASSERT(timers_.empty());
}

void SimScheduler::drive() {
  THRESHER_ASSERT(current_ == nullptr);
  if (SimFiber* const first = next_to_run()) switch_to(first);
  THRESHER_ASSERT(ending_);
  set_current(nullptr);
  unwind_all();
  constexpr std::size_t idle_kept = 256;
  carriers_.trim(idle_kept);
}

}  // namespace thresher::sim
