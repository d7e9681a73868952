// THE seam for execution and time. All waiting in the product goes through `park_until`.
//
// Two implementations: `ThreadScheduler` (runtime/threads: worker threads, each with a Boost.Fiber
// scheduler; steady clock) and `sim::SimScheduler` (one OS thread, virtual clock, a strategy picks
// the next fiber). One contract suite runs over both.
//
// Workers: a fiber belongs to one worker for life. Two fibers of one worker never run at once, so
// what belongs to one worker needs no locks, only care at schedule points (park, yield, touch).
//
// Ending: when a world ends or a simulated process is killed, `park_until`, `yield` and `touch`
// throw FiberUnwind in the fibers concerned. It is no std::exception: let it pass. Destructors that
// run then must not park; `unwinding()` tells them. Fibers of a process are unwound one after the
// other, the youngest first, so that what a fiber has on its stack outlives the fibers it spawned;
// a fiber that never ran has its body destroyed in its place of that order.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/wait.h"

#include <cstdint>
#include <string>

namespace thresher::runtime {

/// Stable across two runs of one seed: made of the parent's id and the ordinal of the spawn.
struct FiberId {
  std::uint64_t value = 0;
  friend auto operator<=>(const FiberId&, const FiberId&) = default;
};

/// Index of a worker of the process that the caller runs in, from 0.
struct WorkerId {
  std::uint32_t value = 0;
  friend auto operator<=>(const WorkerId&, const WorkerId&) = default;
};

struct SpawnOptions {
  /// Where the fiber lives; must be below `worker_count()`.
  WorkerId worker{};
  /// For reports; a literal or text that outlives the fiber.
  const char* name = "fiber";
  /// A background fiber does not keep a world alive: a world whose foreground fibers have all
  /// ended ends, and foreground fibers that only background ones could wake are a deadlock.
  bool background = false;
};

/// Thrown through a fiber that must end. Deliberately not a std::exception. Never thrown by us
/// otherwise, never caught but by the scheduler; `catch (...)` must rethrow it.
struct FiberUnwind {
  enum class Reason : std::uint8_t { world_ended, process_killed };
  Reason reason = Reason::world_ended;
};

/// Per-fiber words for the layers above, copied by nobody: a spawned fiber starts with nulls. The
/// grain runtime keeps its running request here; that is why nothing else needs a thread-local.
struct FiberLocals {
  void* request = nullptr;
  void* scope = nullptr;
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  /// Monotonic time; any thread.
  virtual TimePoint now() const noexcept = 0;
  /// Wall-clock time, which alone may jump; any thread.
  virtual WallTime wall_now() const noexcept = 0;

  /// Starts a fiber that runs `body` once; it becomes ready, the caller goes on. From a fiber of
  /// this scheduler, or (threads only) from any thread. What leaves `body` as an exception other
  /// than FiberUnwind is a programmer error and ends the process (or the run, with its verdict).
  virtual FiberId spawn(const SpawnOptions& options, Task body) = 0;

  /// Parks the calling fiber until `wait` is ended by `unpark` or `deadline` passes, and tells how
  /// it ended; `no_deadline` waits for ever. Returns at once when the wait was ended before.
  /// Throws FiberUnwind when the fiber must end; the primitive must still take the Wait out of its
  /// list (use a guard). Requires: the calling thread runs a fiber of this scheduler.
  virtual WaitEnd park_until(Wait& wait, TimePoint deadline) = 0;

  /// Ends `wait` as `how`, once: true when this call did it. From any thread, also before the
  /// fiber parks. The caller guarantees that the Wait still exists (it holds the lock under which
  /// the waiter takes itself out of the list). Never parks, never throws.
  virtual bool unpark(Wait& wait, WaitEnd how) noexcept = 0;

  /// A schedule point: lets others run. The fiber stays ready.
  virtual void yield(const Operation& operation = {}) = 0;

  /// A schedule point in simulation, nothing on threads: says that the fiber is about to use an
  /// object that fibers share. Called by every primitive before it acts. No schedule point while
  /// the fiber unwinds or inside `run_blocking`.
  virtual void touch(const Operation& operation) = 0;

  /// The caller's worker is busy for `span` of time: none of its fibers runs, others' do. On
  /// threads: nothing. Models the cost of host work. Requires: span >= 0.
  virtual void spend(Duration span) = 0;

  /// Runs `body`, which may block the OS thread, on a helper thread while the calling fiber parks.
  /// Past `deadline` the caller gets `timeout` and the helper is written off and counted: `body`
  /// must then own all it touches. In simulation `body` runs as a fiber on a worker of its own, so
  /// that what blocks in virtual time blocks nobody else.
  virtual Result<void> run_blocking(const char* name, Task body, TimePoint deadline) = 0;

  /// Number of workers of the caller's process, at least 1.
  virtual std::uint32_t worker_count() const noexcept = 0;
  /// The calling fiber. Requires: called on a fiber of this scheduler.
  virtual FiberId current() const noexcept = 0;
  virtual WorkerId current_worker() const noexcept = 0;
  virtual FiberLocals& locals() noexcept = 0;
  /// True on a fiber that is being unwound, and everywhere in a process that is ending: seams are
  /// dead and nothing may park.
  virtual bool unwinding() const noexcept = 0;
  /// A fresh id for an object that fibers share, stable across runs of one seed; any thread.
  virtual ObjectId new_object() noexcept = 0;
  /// Says that the calling fiber now holds `object` (or no longer): the cycle detection of the
  /// simulated scheduler uses it; on threads nothing.
  virtual void hold(ObjectId object) noexcept = 0;
  virtual void release(ObjectId object) noexcept = 0;
};

}  // namespace thresher::runtime
