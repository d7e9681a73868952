// Fibers and decisions. Waits and time are in sim_waits.cc, ends in sim_unwind.cc, reports in
// wait_report.cc.
#include "thresher/sim/sim_scheduler.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <csignal>
#include <exception>
#include <limits>
#include <utility>

namespace thresher::sim {
namespace {

using runtime::Carrier;
using runtime::FiberId;
using runtime::FiberUnwind;
using runtime::Operation;
using runtime::SpawnOptions;
using runtime::Task;
using runtime::TimePoint;
using runtime::WorkerId;

// Wall-clock time of the beginning of every run: 2024-01-01 00:00 UTC.
constexpr runtime::WallTime wall_start{std::chrono::seconds{1'704'067'200}};

}  // namespace

SimScheduler::SimScheduler(runtime::Carriers& carriers, TraceHash& hash, LaneChoices& choices,
                           Checks& checks)
    : carriers_{carriers}, hash_{hash}, choices_{choices}, checks_{checks} {}

SimScheduler::~SimScheduler() { THRESHER_ASSERT(current_ == nullptr); }

void SimScheduler::begin(const WorldOptions& options, Strategy& strategy) {
  THRESHER_ASSERT(current_ == nullptr);
  THRESHER_ASSERT(first_ == nullptr);
  strategy_ = &strategy;
  trace_ = options.trace;
  position_ = Position{};
  steps_max_ = options.steps_max;
  break_at_step_ = options.break_at_step;
  yields_max_ = options.yields_at_one_instant_max;
  alarm_ = break_at_step_ != 0 && break_at_step_ < steps_max_ ? break_at_step_ : steps_max_;
  instant_ = 1;
  ending_ = silent_ = hit_step_bound_ = has_time_lane_ = false;
  record_ = options.record;
  ready_.clear();
  ready_count_ = 0;
  timers_.clear();
  holds_.clear();
  wall_offset_ = runtime::Duration{};
  objects_ = alive_ = abandoned_ = written_off_ = root_children_ = 0;
  workers_used_ = processes_used_ = 0;
  free_blocking_workers_.clear();
  tape_ = options.replay;
  replay_mode_ = options.replay_mode;
  tape_cursor_ = 0;
  schedule_.clear();
}

ProcessGroup& SimScheduler::add_process(std::uint32_t workers) {
  THRESHER_ASSERT(workers >= 1);
  if (processes_used_ == processes_.size()) processes_.emplace_back();
  ProcessGroup& process = processes_[processes_used_];
  process = ProcessGroup{.id = processes_used_++,
                         .worker_count = workers,
                         .first_worker = static_cast<std::uint32_t>(workers_used_)};
  for (std::uint32_t i = 0; i < workers; ++i) {
    if (workers_used_ == workers_.size()) workers_.emplace_back();
    SimWorker& worker = workers_[workers_used_++];
    worker.ordinal = i;
    worker.process = &process;
    worker.busy = false;
    worker.ready = 0;
    worker.deferred.clear();
  }
  return process;
}

const ProcessGroup& SimScheduler::current_process() const noexcept {
  return current_ != nullptr ? *current_->home->process : processes_.front();
}

SimFiber& SimScheduler::make_fiber(SimWorker& home, const SpawnOptions& options, Task body) {
  SimFiber* fiber = nullptr;
  if (free_fibers_.empty()) {
    fiber = &fibers_.emplace_back();
  } else {
    fiber = free_fibers_.back();
    free_fibers_.pop_back();
    *fiber = SimFiber{};
  }
  fiber->id = current_ != nullptr ? runtime::combine(current_->id, ++current_->children)
                                  : runtime::combine(0, ++root_children_);
  fiber->chain = fiber->id;
  fiber->home = &home;
  fiber->worker = home.process->first_worker + home.ordinal;
  fiber->name = options.name;
  fiber->background = options.background;
  fiber->body = std::move(body);
  fiber->before = last_;
  (last_ != nullptr ? last_->after : first_) = fiber;
  last_ = fiber;
  if (trace_ != nullptr) {
    trace_->name_fiber(fiber->id, fiber->name);
    trace(TraceKind::spawned, fiber->id, 0, fiber->name);
  }
  return *fiber;
}

void SimScheduler::unlink(SimFiber& fiber) noexcept {
  (fiber.before != nullptr ? fiber.before->after : first_) = fiber.after;
  (fiber.after != nullptr ? fiber.after->before : last_) = fiber.before;
  fiber.id = 0;
  if (fiber.blocking) free_blocking_workers_.push_back(fiber.home);
}

void SimScheduler::recycle(SimFiber& fiber) noexcept {
  THRESHER_ASSERT(!fiber.counted);
  THRESHER_ASSERT(fiber.timer_slot == TimerHeap::no_slot);
  unlink(fiber);
  free_fibers_.push_back(&fiber);
}

FiberId SimScheduler::spawn(const SpawnOptions& options, Task body) {
  ProcessGroup& process =
      current_ != nullptr ? *current_->home->process : processes_.front();
  return spawn_in(process, options, std::move(body));
}

FiberId SimScheduler::spawn_in(ProcessGroup& process, const SpawnOptions& options, Task body) {
  THRESHER_ASSERT(static_cast<bool>(body));
  THRESHER_ASSERT(options.worker.value < process.worker_count);
  if (silent_ || process.dead) return FiberId{};
  SimFiber& fiber = make_fiber(workers_[process.first_worker + options.worker.value], options,
                               std::move(body));
  // What other processes do is no reason to wait: they end with the one that started them.
  fiber.keeps_alive = !options.background && process.id == 0;
  alive_ += fiber.keeps_alive ? 1 : 0;
  make_ready(fiber);
  return FiberId{fiber.id};
}

void SimScheduler::set_current(SimFiber* fiber) noexcept {
  current_ = fiber;
  position_.fiber = fiber != nullptr ? fiber->id : 0;
  position_.fiber_name = fiber != nullptr ? fiber->name : "";
}

void SimScheduler::yield(const Operation& operation) {
  THRESHER_ASSERT(current_ != nullptr);
  SimFiber& self = *current_;
  if ((self.must_unwind || ending_) && refuse(self)) return;
  if (self.blocking) return;
  if (self.instant != instant_) {
    self.instant = instant_;
    self.yields = 0;
  }
  if (++self.yields >= yields_max_) [[unlikely]] {
    checks_.fail(Verdict::liveness, "spin",
                 std::string{"fiber '"} + self.name + "' yielded " + std::to_string(self.yields) +
                     " times at one instant");
    end_world();
  }
  self.next = &operation;
  strategy_->yielded(self);
  schedule_point(self, true);
}

void SimScheduler::touch(const Operation& operation) {
  THRESHER_ASSERT(current_ != nullptr);
  SimFiber& self = *current_;
  if ((self.must_unwind || ending_) && refuse(self)) return;
  if (self.blocking) return;
  self.next = &operation;
  schedule_point(self, false);
}

void SimScheduler::schedule_point(SimFiber& self, bool gives_way) {
  SimFiber& next = decide(&self, gives_way);
  if (ending_) [[unlikely]] {
    refuse(self);
    return;
  }
  if (&next == &self) return;
  ready_.remove(next);
  ready_.push(self);
  switch_to(&next);
  if (self.must_unwind) [[unlikely]] throw_unwind(self);
}

SimFiber& SimScheduler::decide(SimFiber* running, bool gives_way) {
  if (++position_.step >= alarm_) [[unlikely]] at_alarm();
  SimFiber* chosen = nullptr;
  if (tape_ == nullptr && !record_) [[likely]] {
    chosen = static_cast<SimFiber*>(&strategy_->pick(running, position_.step));
  } else {
    SimFiber* answer_0 = ready_.oldest();
    if (running != nullptr && (!gives_way || answer_0 == nullptr)) answer_0 = running;
    THRESHER_ASSERT(answer_0 != nullptr);
    chosen = tape_ != nullptr
                 ? &follow_tape(running, *answer_0)
                 : static_cast<SimFiber*>(&strategy_->pick(running, position_.step));
    if (record_ && chosen != answer_0) schedule_.push_back({position_.step, chosen->id});
  }
  THRESHER_ASSERT(chosen == running || chosen->queued);
  hash_.fold(chosen->id);
  return *chosen;
}

SimFiber& SimScheduler::follow_tape(SimFiber* running, SimFiber& answer_0) {
  const std::vector<TapeDeviation>& schedule = tape_->schedule;
  while (tape_cursor_ < schedule.size() && schedule[tape_cursor_].step < position_.step) {
    ++tape_cursor_;
  }
  if (tape_cursor_ == schedule.size() || schedule[tape_cursor_].step != position_.step) {
    return answer_0;
  }
  const std::uint64_t wanted = schedule[tape_cursor_++].fiber;
  if (running != nullptr && running->id == wanted) return *running;
  for (SimFiber* fiber = ready_.oldest(); fiber != nullptr; fiber = fiber->newer) {
    if (fiber->id == wanted) return *fiber;
  }
  if (replay_mode_ == ReplayMode::strict) {
    checks_.fail(Verdict::nondeterminism, "replay.diverged",
                 "replay left the tape in lane 'sched' at step " + std::to_string(position_.step) +
                     ": the tape runs a fiber that is not ready");
    end_world();
  }
  return answer_0;
}

void SimScheduler::at_alarm() {
  if (position_.step == break_at_step_) {
    std::raise(SIGTRAP);
    alarm_ = steps_max_;
    if (position_.step < alarm_) return;
  }
  // What still decides until the world has ended comes here no more.
  alarm_ = std::numeric_limits<std::uint64_t>::max();
  hit_step_bound_ = true;
  checks_.fail(Verdict::liveness, "step_bound",
               "the run did not end within " + std::to_string(steps_max_) + " steps");
  end_world();
}

SimFiber* SimScheduler::next_to_run() {
  while (!ending_) {
    if (ready_count_ > 0) {
      SimFiber& fiber = decide(nullptr, false);
      if (ending_) break;
      ready_.remove(fiber);
      return &fiber;
    }
    if (!advance_time()) break;
  }
  return nullptr;
}

void SimScheduler::switch_to(SimFiber* next) {
  set_current(next);
  if (next == nullptr) {
    carriers_.go(nullptr);
    return;
  }
  if (next->carrier == nullptr) next->carrier = &carriers_.take();
  if (trace_ != nullptr) trace(TraceKind::ran);
  carriers_.go(next->carrier);
}

void SimScheduler::execute(SimFiber& fiber) noexcept {
  try {
    fiber.body();
  } catch (const FiberUnwind&) {
    THRESHER_ASSERT(fiber.must_unwind);
  } catch (const std::exception& caught) {
    checks_.fail(Verdict::crash, "uncaught_exception",
                 std::string{"fiber '"} + fiber.name + "' was left by: " + caught.what());
    end_world();
  } catch (...) {
    checks_.fail(Verdict::crash, "uncaught_exception",
                 std::string{"fiber '"} + fiber.name + "' was left by an unknown exception");
    end_world();
  }
  fiber.body.reset();
}

Carrier* SimScheduler::run(Carrier& self) noexcept {
  for (;;) {
    SimFiber& fiber = *current_;
    THRESHER_ASSERT(fiber.carrier == &self);
    execute(fiber);
    const bool unwound = fiber.resumed_to_unwind;
    SimFiber* const resumer = fiber.resumer;
    if (!fiber.must_unwind) {
      strategy_->ended(fiber);
      block(fiber);
      if (trace_ != nullptr) trace(TraceKind::ended);
      if (fiber.keeps_alive && --alive_ == 0) end_world();
    }
    recycle(fiber);
    SimFiber* const next = unwound ? resumer : next_to_run();
    set_current(next);
    if (next == nullptr) return nullptr;
    if (next->carrier != nullptr) {
      if (trace_ != nullptr && !unwound) trace(TraceKind::ran);
      return next->carrier;
    }
    // A fiber that has not started goes on right here, without a switch.
    next->carrier = &self;
    if (trace_ != nullptr) trace(TraceKind::ran);
  }
}

runtime::WallTime SimScheduler::wall_now() const noexcept {
  return wall_start + position_.now.time_since_epoch() + wall_offset_;
}

std::uint32_t SimScheduler::worker_count() const noexcept {
  return current_process().worker_count;
}

FiberId SimScheduler::current() const noexcept { return FiberId{position_.fiber}; }

WorkerId SimScheduler::current_worker() const noexcept {
  return WorkerId{current_ != nullptr ? current_->home->ordinal : 0};
}

runtime::FiberLocals& SimScheduler::locals() noexcept {
  THRESHER_ASSERT(current_ != nullptr);
  return current_->locals;
}

bool SimScheduler::unwinding() const noexcept {
  return silent_ || ending_ || (current_ != nullptr && current_->must_unwind);
}

void SimScheduler::hold(runtime::ObjectId object) noexcept {
  if (current_ != nullptr) holds_.hold(object, *current_);
}

void SimScheduler::release(runtime::ObjectId object) noexcept { holds_.release(object); }

void SimScheduler::trace(TraceKind kind, std::uint64_t a, std::uint64_t b, const char* text) {
  if (trace_ == nullptr || silent_) return;
  trace_->add({.at = position_.now,
               .step = position_.step,
               .fiber = position_.fiber,
               .kind = kind,
               .text = trace_->intern(text),
               .a = a,
               .b = b});
}

}  // namespace thresher::sim
