// One worker of the thread scheduler: an OS thread, its fibers, its ready queue, its timers.
//
// Thread rule: everything is touched by the worker's own thread only, but for `post` and `wake`,
// which any thread may call, and what is said to belong to the shutdown. Fibers never move. The
// thread's main context is the idle loop: it runs when nothing is ready, and in the end it unwinds
// the fibers that `ThreadScheduler::shut_down` hands it.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/carrier/carriers.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/threads/sleeper.h"
#include "thresher/runtime/threads/timer_heap.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace thresher::runtime::detail {

class Worker;

/// A fiber of the thread scheduler. Reused by its worker after its end.
struct ThreadFiber {
  Worker* worker = nullptr;
  Carrier* carrier = nullptr;  ///< Null until it first runs.
  FiberId id{};                ///< Ascending in order of spawn: the age.
  const char* name = "";
  Task body;
  FiberLocals locals{};
  bool background = false;
  std::uint8_t unwound = 0;           ///< How often FiberUnwind was thrown in it.
  ThreadFiber* next_ready = nullptr;  ///< In the ready queue or the inbox, never in both.
  ThreadFiber* next = nullptr;        ///< In the worker's list of live fibers, as are the next two.
  ThreadFiber* previous = nullptr;
  bool listed = false;
};

/// First in, first out, through `next_ready`.
class FiberQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  void push(ThreadFiber& fiber) noexcept {
    fiber.next_ready = nullptr;
    (first_ == nullptr ? first_ : last_->next_ready) = &fiber;
    last_ = &fiber;
  }
  ThreadFiber* pop() noexcept {
    ThreadFiber* const fiber = first_;
    if (fiber != nullptr) first_ = fiber->next_ready;
    return fiber;
  }

 private:
  ThreadFiber* first_ = nullptr;
  ThreadFiber* last_ = nullptr;
};

/// What workers share and tell their scheduler.
struct WorkerShared {
  std::size_t stack_bytes = 0;
  /// Set once, when the scheduler begins to end.
  std::atomic<bool> ending{false};
  std::atomic<std::uint64_t> last_fiber{0};
  std::atomic<std::uint64_t> last_object{0};
  std::atomic<std::uint64_t> foreground{0};
  std::atomic<std::uint64_t> abandoned{0};
  /// Who waits for all foreground fibers to end, or for a worker during the shutdown.
  Sleeper outside;
};

class Worker final : public CarrierClient {
 public:
  Worker(WorkerShared& shared, Scheduler& scheduler, WorkerId id);
  ~Worker() override;

  /// The worker whose thread this is, or null.
  static Worker* of_this_thread() noexcept;

  WorkerId id() const noexcept { return id_; }
  const Scheduler& scheduler() const noexcept { return scheduler_; }
  /// The fiber that runs. Requires: own thread, on a fiber.
  ThreadFiber& running() const noexcept {
    THRESHER_ASSERT(running_ != nullptr);
    return *running_;
  }
  bool on_fiber() const noexcept { return running_ != nullptr; }
  /// A fresh object id without contention.
  std::uint64_t next_object() noexcept { return ++last_object_; }

  /// Own thread: makes and readies a fiber.
  void spawn(const SpawnOptions& options, FiberId id, Task body);
  /// Own thread: readies a parked fiber.
  void ready(ThreadFiber& fiber) noexcept { ready_.push(fiber); }
  /// Any thread: readies a fiber of this worker, a fresh one included (which it then owns).
  void post(ThreadFiber& fiber) noexcept;
  WaitEnd park(Wait& wait, TimePoint deadline);
  void yield();

  /// Shutdown, any thread: true when the worker runs no fiber any more and waits for `unwind`.
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
  /// Shutdown, any thread, after all workers have stopped: the fibers that live here.
  std::vector<ThreadFiber*> live();
  /// Shutdown, any thread, after `stopped`: unwinds `fibers` in this order; `idle` tells the end.
  void unwind(std::vector<ThreadFiber*> fibers);
  bool idle() const noexcept { return !has_batch_.load(std::memory_order_acquire); }
  /// Shutdown, any thread: ends the thread and waits for it. Requires: all fibers are unwound.
  void join();
  void wake() noexcept { sleeper_.wake(); }

  Carrier* run(Carrier& self) noexcept override;
  const char* running_name() const noexcept override;

 private:
  static constexpr std::uint32_t polls_every = 64;
  static constexpr std::uint8_t unwound_max = 3;
  static constexpr std::size_t idle_carriers_max = 1024;

  void thread_main();
  void work();
  void wait_for_batches();
  void unwind_one(ThreadFiber& fiber);
  void drop_abandoned();
  void poll() noexcept;
  void receive() noexcept;
  void sleep() noexcept;
  ThreadFiber* pick() noexcept;
  Carrier* carrier_of(ThreadFiber& fiber);
  void switch_away(ThreadFiber& self) noexcept;
  [[noreturn]] void unwind_here(ThreadFiber& self);
  void run_body(ThreadFiber& fiber);
  ThreadFiber& make_fiber();
  void adopt(ThreadFiber& fiber) noexcept;
  void end(ThreadFiber& fiber) noexcept;

  WorkerShared& shared_;
  Scheduler& scheduler_;
  WorkerId id_;
  ThreadFiber* running_ = nullptr;
  FiberQueue ready_;
  std::uint32_t picks_ = 0;
  std::uint64_t last_object_;
  TimerHeap timers_;
  IntrusiveList<ThreadFiber> live_;
  std::vector<std::unique_ptr<ThreadFiber>> free_;
  std::unique_ptr<Carriers> carriers_;
  /// The fiber that is being unwound now; the only one that runs during the shutdown.
  ThreadFiber* victim_ = nullptr;
  std::vector<ThreadFiber*> batch_;

  alignas(64) std::atomic<ThreadFiber*> inbox_{nullptr};
  Sleeper sleeper_;
  std::atomic<bool> stopped_{false};
  std::atomic<bool> has_batch_{false};
  std::atomic<bool> leaving_{false};
  std::thread thread_;  // Last: it starts when all else is there.
};

}  // namespace thresher::runtime::detail
