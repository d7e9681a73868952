// The scheduler seam over workers and helpers, and the orderly end: all workers stop, then one
// fiber at a time is unwound, then the threads end.
#include "thresher/runtime/threads/thread_scheduler.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/wait_list.h"
#include "thresher/runtime/threads/helper_pool.h"
#include "thresher/runtime/threads/worker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace thresher::runtime {

using detail::BlockingJob;
using detail::ThreadFiber;
using detail::Worker;

ThreadScheduler::ThreadScheduler(ThreadSchedulerOptions options)
    : options_{options},
      shared_{std::make_unique<detail::WorkerShared>()},
      helpers_{std::make_unique<detail::HelperPool>(options.helper_threads_max)} {
  THRESHER_ASSERT(options.workers >= 1);
  shared_->stack_bytes = options.stack_bytes;
  for (std::uint32_t i = 0; i < options.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(*shared_, *this, WorkerId{i}));
  }
}

ThreadScheduler::~ThreadScheduler() { shut_down(); }

Worker* ThreadScheduler::own_worker() const noexcept {
  Worker* const worker = Worker::of_this_thread();
  return worker != nullptr && &worker->scheduler() == this ? worker : nullptr;
}

Worker& ThreadScheduler::here() const noexcept {
  Worker* const worker = own_worker();
  THRESHER_ASSERT(worker != nullptr);
  return *worker;
}

TimePoint ThreadScheduler::now() const noexcept {
  return TimePoint{std::chrono::steady_clock::now().time_since_epoch()};
}

WallTime ThreadScheduler::wall_now() const noexcept {
  return WallTime{std::chrono::system_clock::now().time_since_epoch()};
}

FiberId ThreadScheduler::spawn(const SpawnOptions& options, Task body) {
  THRESHER_ASSERT(options.worker.value < workers_.size());
  THRESHER_ASSERT(static_cast<bool>(body));
  const FiberId id{shared_->last_fiber.fetch_add(1, std::memory_order_relaxed) + 1};
  if (unwinding()) return id;  // Nothing starts any more; the body is destroyed here.
  if (!options.background) shared_->foreground.fetch_add(1, std::memory_order_relaxed);
  Worker& target = *workers_[options.worker.value];
  if (own_worker() == &target) {
    target.spawn(options, id, std::move(body));
    return id;
  }
  auto fiber = std::make_unique<ThreadFiber>();
  fiber->id = id;
  fiber->name = options.name;
  fiber->background = options.background;
  fiber->body = std::move(body);
  target.post(*fiber.release());
  return id;
}

WaitEnd ThreadScheduler::park_until(Wait& wait, TimePoint deadline) {
  return here().park(wait, deadline);
}

bool ThreadScheduler::unpark(Wait& wait, WaitEnd how) noexcept {
  const auto end = static_cast<std::uint8_t>(Wait::Slot::ended + static_cast<std::uint8_t>(how));
  std::uint8_t before = wait.slot.state.load(std::memory_order_acquire);
  do {
    if (before >= Wait::Slot::ended) return false;
  } while (!wait.slot.state.compare_exchange_weak(before, end, std::memory_order_acq_rel,
                                                  std::memory_order_acquire));
  if (before == Wait::Slot::armed) return true;  // Its fiber finds out when it wants to park.
  auto& fiber = *static_cast<ThreadFiber*>(wait.slot.fiber);
  if (Worker::of_this_thread() == fiber.worker) {
    fiber.worker->ready(fiber);
  } else {
    fiber.worker->post(fiber);
  }
  return true;
}

void ThreadScheduler::yield(const Operation&) { here().yield(); }

void ThreadScheduler::touch(const Operation&) {}

void ThreadScheduler::spend(Duration span) { THRESHER_ASSERT(span >= Duration::zero()); }

/// Leaves a job behind however the waiting fiber goes on. A fiber that is unwound gives the helper
/// the grace first, since the body may use what is on the fiber's stack.
struct ThreadScheduler::JobGuard {
  ThreadScheduler& scheduler;
  std::shared_ptr<BlockingJob> job;
  ~JobGuard() {
    if (scheduler.unwinding()) job->wait_for(scheduler.options_.shutdown_grace);
    scheduler.helpers_->write_off(job);
  }
};

Result<void> ThreadScheduler::run_blocking(const char* name, Task body, TimePoint deadline) {
  THRESHER_ASSERT(static_cast<bool>(body));
  Wait wait{Operation{.verb = "run", .name = name}};
  const auto job = std::make_shared<BlockingJob>(
      std::move(body), [this, &wait] { unpark(wait, WaitEnd::satisfied); });
  const JobGuard guard{*this, job};
  helpers_->submit(job);
  return result_of(park_until(wait, deadline));
}

std::uint32_t ThreadScheduler::worker_count() const noexcept { return options_.workers; }

FiberId ThreadScheduler::current() const noexcept { return here().running().id; }

WorkerId ThreadScheduler::current_worker() const noexcept { return here().id(); }

FiberLocals& ThreadScheduler::locals() noexcept { return here().running().locals; }

bool ThreadScheduler::unwinding() const noexcept {
  return shared_->ending.load(std::memory_order_relaxed);
}

ObjectId ThreadScheduler::new_object() noexcept {
  if (Worker* const worker = own_worker()) return ObjectId{worker->next_object()};
  return ObjectId{shared_->last_object.fetch_add(1, std::memory_order_relaxed) + 1};
}

void ThreadScheduler::hold(ObjectId) noexcept {}

void ThreadScheduler::release(ObjectId) noexcept {}

template <typename Condition>
void ThreadScheduler::block_until(Condition condition) {
  THRESHER_ASSERT(own_worker() == nullptr);
  detail::Sleeper& sleeper = shared_->outside;
  while (!condition()) {
    sleeper.prepare();
    if (condition()) {
      sleeper.cancel();
    } else {
      sleeper.sleep(no_deadline);
    }
  }
}

void ThreadScheduler::wait_for_foreground() {
  block_until([this] { return shared_->foreground.load(std::memory_order_seq_cst) == 0; });
}

void ThreadScheduler::shut_down() {
  THRESHER_ASSERT(own_worker() == nullptr);
  if (unwinding()) return;
  shared_->ending.store(true, std::memory_order_seq_cst);
  for (const auto& worker : workers_) worker->wake();
  for (const auto& worker : workers_) {
    block_until([&] { return worker->stopped(); });
  }
  unwind_all();
  for (const auto& worker : workers_) worker->join();
}

void ThreadScheduler::unwind_all() {
  std::vector<ThreadFiber*> fibers;
  for (const auto& worker : workers_) {
    const auto live = worker->live();
    fibers.insert(fibers.end(), live.begin(), live.end());
  }
  std::ranges::sort(fibers, std::ranges::greater{}, [](const ThreadFiber* f) { return f->id; });
  // Neighbours in the order that live on one worker go there together.
  for (auto first = fibers.begin(); first != fibers.end();) {
    Worker& worker = *(*first)->worker;
    const auto last = std::find_if(first, fibers.end(), [&](const ThreadFiber* fiber) {
      return fiber->worker != &worker;
    });
    worker.unwind({first, last});
    block_until([&] { return worker.idle(); });
    first = last;
  }
}

std::uint64_t ThreadScheduler::abandoned_fibers() const noexcept {
  return shared_->abandoned.load(std::memory_order_relaxed);
}

std::uint64_t ThreadScheduler::helpers_written_off() const {
  return helpers_->written_off_ever();
}

std::uint64_t ThreadScheduler::helpers_stuck() const { return helpers_->written_off_now(); }

}  // namespace thresher::runtime
