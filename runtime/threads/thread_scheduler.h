// The Scheduler of a real process: worker threads with fibers, the steady clock, helper threads.
//
// Ready fibers of a worker run in order of readiness; a wake from another thread enters at the
// worker's next switch, a passed deadline within 64 switches. Nothing here is deterministic, but
// for the order of the end: when it is shut down, all fibers are unwound one at a time, youngest
// first.
//
// Made and destroyed by a thread that runs no fiber of it (the program's main function, a test).
#pragma once

#include "thresher/runtime/carrier/stack_pool.h"
#include "thresher/runtime/fiber/scheduler.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace thresher::runtime {

namespace detail {
class BlockingJob;
class HelperPool;
class Worker;
struct ThreadFiber;
struct WorkerShared;
}  // namespace detail

struct ThreadSchedulerOptions {
  std::uint32_t workers = 1;
  /// Of each fiber; a multiple of the page size.
  std::size_t stack_bytes = stack_bytes_default;
  /// Helper threads for `run_blocking` at once; more calls queue.
  std::size_t helper_threads_max = 64;
  /// How long the shutdown waits for the helper of a fiber that it unwinds, before it writes the
  /// helper off.
  Duration shutdown_grace = std::chrono::seconds{5};
};

class ThreadScheduler final : public Scheduler {
 public:
  explicit ThreadScheduler(ThreadSchedulerOptions options = {});
  /// Shuts down.
  ~ThreadScheduler() override;
  ThreadScheduler(const ThreadScheduler&) = delete;
  ThreadScheduler& operator=(const ThreadScheduler&) = delete;

  /// Blocks the calling thread until no foreground fiber is alive. Requires: called by one thread
  /// that runs no fiber of this scheduler.
  void wait_for_foreground();
  /// Unwinds every fiber and ends the workers; idempotent. Waits for fibers that run until they
  /// reach a park or yield. Requires: no other outside thread calls anything but `unpark` and
  /// `now`.
  void shut_down();

  /// Fibers that swallowed three unwindings and were left with their stacks.
  std::uint64_t abandoned_fibers() const noexcept;
  /// Helper threads given up, ever, and of these the ones that still block.
  std::uint64_t helpers_written_off() const;
  std::uint64_t helpers_stuck() const;

  TimePoint now() const noexcept override;
  WallTime wall_now() const noexcept override;
  FiberId spawn(const SpawnOptions& options, Task body) override;
  WaitEnd park_until(Wait& wait, TimePoint deadline) override;
  bool unpark(Wait& wait, WaitEnd how) noexcept override;
  void yield(const Operation& operation = {}) override;
  void touch(const Operation& operation) override;
  void spend(Duration span) override;
  Result<void> run_blocking(const char* name, Task body, TimePoint deadline) override;
  std::uint32_t worker_count() const noexcept override;
  FiberId current() const noexcept override;
  WorkerId current_worker() const noexcept override;
  FiberLocals& locals() noexcept override;
  bool unwinding() const noexcept override;
  ObjectId new_object() noexcept override;
  void hold(ObjectId object) noexcept override;
  void release(ObjectId object) noexcept override;

 private:
  struct JobGuard;

  detail::Worker* own_worker() const noexcept;
  detail::Worker& here() const noexcept;
  void unwind_all();
  template <typename Condition>
  void block_until(Condition condition);

  ThreadSchedulerOptions options_;
  std::unique_ptr<detail::WorkerShared> shared_;
  std::unique_ptr<detail::HelperPool> helpers_;
  std::vector<std::unique_ptr<detail::Worker>> workers_;
};

}  // namespace thresher::runtime
