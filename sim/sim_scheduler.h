// The deterministic scheduler: one OS thread, virtual time, a strategy that picks the next
// fiber.
//
// A schedule decision is a step. Time moves only when nothing is ready, to the next deadline;
// fibers due at one instant are woken one by one, in an order that is a choice (lane `time`),
// and whoever became ready runs before the next is woken. The decision is made on the stack of
// the fiber that leaves, before any switch; when it is picked again nothing is switched.
//
// Answer 0 of the schedule: the running fiber goes on, unless it yields or cannot; else the one
// ready longest. The main context only starts a run and unwinds what is left at its end.
#pragma once

#include "thresher/runtime/carrier/carriers.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/sim/checks.h"
#include "thresher/sim/explore/strategy.h"
#include "thresher/sim/hold_table.h"
#include "thresher/sim/lane_choices.h"
#include "thresher/sim/position.h"
#include "thresher/sim/sim_fiber.h"
#include "thresher/sim/tape.h"
#include "thresher/sim/timer_heap.h"
#include "thresher/sim/trace.h"
#include "thresher/sim/trace_hash.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace thresher::sim {

class SimScheduler final : public runtime::Scheduler, public runtime::CarrierClient {
 public:
  /// All outlive this object.
  SimScheduler(runtime::Carriers& carriers, TraceHash& hash, LaneChoices& choices, Checks& checks);
  ~SimScheduler() override;

  /// Begins a run; `strategy` outlives it.
  void begin(const WorldOptions& options, Strategy& strategy);
  /// Runs everything until the world ends, then unwinds what is left. On the main context.
  void drive();
  /// The world ends at the next schedule point of whoever runs. Idempotent.
  void end_world() noexcept { ending_ = true; }

  const Position& position() const noexcept { return position_; }
  /// True while what runs belongs to a process that has ended, or the world is being unwound:
  /// nothing is recorded then.
  bool silent() const noexcept { return silent_; }
  std::uint64_t fibers_abandoned() const noexcept { return abandoned_; }
  std::uint64_t blocking_written_off() const noexcept { return written_off_; }
  bool hit_step_bound() const noexcept { return hit_step_bound_; }
  void give(Tape& tape) { tape.schedule = std::move(schedule_); }

  /// Adds a process of `workers` workers. The reference lives until the next `begin`.
  ProcessGroup& add_process(std::uint32_t workers);
  /// Starts a fiber in another process; its first one.
  runtime::FiberId spawn_in(ProcessGroup& process, const runtime::SpawnOptions& options,
                            runtime::Task body);
  /// Ends a process at once: from now on its seams are dead, and its fibers, but for the caller's
  /// own, are unwound before this returns. Idempotent.
  void end_process(ProcessGroup& process);
  /// The process of the running fiber; the first one outside all fibers.
  const ProcessGroup& current_process() const noexcept;
  /// Moves the wall clock against monotonic time.
  void jump_wall(runtime::Duration by) noexcept { wall_offset_ += by; }

  runtime::TimePoint now() const noexcept override { return position_.now; }
  runtime::WallTime wall_now() const noexcept override;
  runtime::FiberId spawn(const runtime::SpawnOptions& options, runtime::Task body) override;
  runtime::WaitEnd park_until(runtime::Wait& wait, runtime::TimePoint deadline) override;
  bool unpark(runtime::Wait& wait, runtime::WaitEnd how) noexcept override;
  void yield(const runtime::Operation& operation) override;
  void touch(const runtime::Operation& operation) override;
  void spend(runtime::Duration span) override;
  runtime::Result<void> run_blocking(const char* name, runtime::Task body,
                                     runtime::TimePoint deadline) override;
  std::uint32_t worker_count() const noexcept override;
  runtime::FiberId current() const noexcept override;
  runtime::WorkerId current_worker() const noexcept override;
  runtime::FiberLocals& locals() noexcept override;
  bool unwinding() const noexcept override;
  runtime::ObjectId new_object() noexcept override { return {++objects_}; }
  void hold(runtime::ObjectId object) noexcept override;
  void release(runtime::ObjectId object) noexcept override;

  runtime::Carrier* run(runtime::Carrier& self) noexcept override;
  const char* running_name() const noexcept override { return position_.fiber_name; }

 private:
  // sim_scheduler.cc: fibers and decisions.
  SimFiber& make_fiber(SimWorker& home, const runtime::SpawnOptions& options, runtime::Task body);
  void recycle(SimFiber& fiber) noexcept;
  void unlink(SimFiber& fiber) noexcept;
  void set_current(SimFiber* fiber) noexcept;
  void schedule_point(SimFiber& self, bool gives_way);
  SimFiber& decide(SimFiber* running, bool gives_way);
  SimFiber& follow_tape(SimFiber* running, SimFiber& answer_0);
  void at_alarm();
  SimFiber* next_to_run();
  void switch_to(SimFiber* next);
  void execute(SimFiber& fiber) noexcept;
  // sim_waits.cc: waits and time.
  void make_ready(SimFiber& fiber);
  void block(SimFiber& fiber);
  bool advance_time();
  void wake(SimFiber& due);
  void leave_parked(SimFiber& self);
  void end_busy(SimWorker& worker);
  bool only_this_one_until(runtime::TimePoint time) const noexcept;
  SimWorker& blocking_worker(SimFiber& caller);
  // sim_unwind.cc: ends.
  bool refuse(SimFiber& self);
  void throw_unwind(SimFiber& self);
  void unwind(SimFiber& victim);
  void mark_dead(SimFiber& victim) noexcept;
  void unwind_all();
  [[noreturn]] void abandon(SimFiber& self);
  // wait_report.cc: who waits on what.
  void report_deadlock();
  void check_cycle(SimFiber& self);
  std::string describe_wait(const SimFiber& fiber) const;

  void trace(TraceKind kind, std::uint64_t a = 0, std::uint64_t b = 0, const char* text = "");

  runtime::Carriers& carriers_;
  TraceHash& hash_;
  LaneChoices& choices_;
  Checks& checks_;
  Strategy* strategy_ = nullptr;
  Trace* trace_ = nullptr;

  SimFiber* current_ = nullptr;
  Position position_;
  std::uint64_t alarm_ = 0;  ///< The step at which `at_alarm` is called.
  std::uint64_t steps_max_ = 0;
  std::uint64_t break_at_step_ = 0;
  std::uint64_t yields_max_ = 0;
  std::uint64_t instant_ = 1;
  bool ending_ = false;
  bool silent_ = false;
  bool record_ = false;
  bool hit_step_bound_ = false;

  ReadyQueue ready_;
  std::uint64_t ready_count_ = 0;  ///< Fibers the strategy may pick, the running one included.
  TimerHeap timers_;
  HoldTable holds_;
  LaneId time_lane_{};
  bool has_time_lane_ = false;
  runtime::Duration wall_offset_{};
  std::uint64_t objects_ = 0;
  std::uint64_t alive_ = 0;  ///< Fibers that keep the world alive.
  std::uint64_t abandoned_ = 0;
  std::uint64_t written_off_ = 0;
  std::uint64_t root_children_ = 0;

  std::deque<SimFiber> fibers_;  ///< All records ever made; stable addresses.
  std::vector<SimFiber*> free_fibers_;
  SimFiber* first_ = nullptr;  ///< Live ones, by order of spawning.
  SimFiber* last_ = nullptr;
  std::deque<SimWorker> workers_;
  std::size_t workers_used_ = 0;
  std::vector<SimWorker*> free_blocking_workers_;
  std::deque<ProcessGroup> processes_;
  std::size_t processes_used_ = 0;

  const Tape* tape_ = nullptr;
  ReplayMode replay_mode_ = ReplayMode::strict;
  std::size_t tape_cursor_ = 0;
  std::vector<TapeDeviation> schedule_;
};

}  // namespace thresher::sim
