// The thread scheduler against plain Boost.Fiber, in one binary and one run.
//
// The target is a park and its unpark, both on one worker, in about 50 ns: with them a grain's
// request and response fits into 400. "Plain" is what Boost.Fiber itself offers: its round-robin
// algorithm, and for handing over its mutex-and-condition pair; one item is one switch in the first
// and one hand-over in the others. Across workers a hand-over costs a wake by the kernel and is
// reported only. Every loop runs in a fiber, timed by the wall clock.
#include "thresher/runtime/fiber/future.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/threads/thread_scheduler.h"

#include <benchmark/benchmark.h>
#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/mutex.hpp>
#include <boost/fiber/operations.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace thresher::runtime {
namespace {

/// Runs `body` as the first fiber of a scheduler of its own, to the end.
template <typename F>
void in_fiber(std::uint32_t workers, F body) {
  ThreadScheduler scheduler{{.workers = workers}};
  scheduler.spawn({.name = "bench"}, [&] { body(scheduler); });
  scheduler.wait_for_foreground();
}

void yield(benchmark::State& state) {
  in_fiber(1, [&](Scheduler& scheduler) {
    bool stop = false;
    for (int i = 1; i < state.range(0); ++i) {
      scheduler.spawn({.name = "other"}, [&] {
        while (!stop) scheduler.yield();
      });
    }
    for ([[maybe_unused]] auto iteration : state) scheduler.yield();
    stop = true;
    for (int i = 0; i < 3; ++i) scheduler.yield();
  });
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Two fibers that wake each other in turn; `worker` is the second one's, `timed` gives each park a
/// deadline that never passes.
void hand_over(benchmark::State& state, std::uint32_t worker, bool timed) {
  in_fiber(2, [&](Scheduler& scheduler) {
    const Operation operation{.verb = "wait for", .name = "turn"};
    const TimePoint deadline =
        timed ? scheduler.now() + std::chrono::hours{1} : no_deadline;
    std::atomic<Wait*> here{nullptr};
    std::atomic<Wait*> there{nullptr};
    std::atomic<bool> stop{false};
    const auto park = [&](std::atomic<Wait*>& mine, std::atomic<Wait*>& other) {
      Wait wait{operation};
      mine.store(&wait, std::memory_order_release);
      if (Wait* const next = other.exchange(nullptr, std::memory_order_acq_rel)) {
        scheduler.unpark(*next, WaitEnd::satisfied);
      }
      scheduler.park_until(wait, deadline);
    };
    scheduler.spawn({.worker = WorkerId{worker}, .name = "other"}, [&] {
      while (!stop.load(std::memory_order_relaxed)) park(there, here);
      if (Wait* const last = here.exchange(nullptr)) scheduler.unpark(*last, WaitEnd::satisfied);
    });
    for ([[maybe_unused]] auto iteration : state) park(here, there);
    stop = true;
    if (Wait* const last = there.exchange(nullptr)) scheduler.unpark(*last, WaitEnd::satisfied);
  });
  state.SetItemsProcessed(state.iterations() * 2);
}

void future(benchmark::State& state) {
  in_fiber(1, [&](Scheduler& scheduler) {
    Promise<int>* asked = nullptr;
    FiberEvent work{scheduler, "work"};
    bool stop = false;
    scheduler.spawn({.name = "server"}, [&] {
      while (!stop) {
        static_cast<void>(work.wait());
        work.clear();
        if (asked != nullptr) std::exchange(asked, nullptr)->set(1);
      }
    });
    for ([[maybe_unused]] auto iteration : state) {
      Promise<int> promise{scheduler};
      asked = &promise;
      work.set();
      benchmark::DoNotOptimize(promise.future().get());
    }
    stop = true;
    work.set();
    scheduler.yield();
    scheduler.yield();
  });
  state.SetItemsProcessed(state.iterations());
}

void spawn(benchmark::State& state) {
  in_fiber(1, [&](Scheduler& scheduler) {
    std::uint64_t runs = 0;
    for ([[maybe_unused]] auto iteration : state) {
      scheduler.spawn({.name = "child"}, [&runs] { ++runs; });
      scheduler.yield();
    }
    benchmark::DoNotOptimize(runs);
  });
  state.SetItemsProcessed(state.iterations());
}

/// Runs `body` on a thread of its own, whose Boost scheduler nobody has changed.
template <typename F>
void in_plain_thread(F body) {
  std::thread{body}.join();
}

void plain_yield(benchmark::State& state) {
  in_plain_thread([&] {
    bool stop = false;
    std::vector<boost::fibers::fiber> others;
    for (int i = 1; i < state.range(0); ++i) {
      others.emplace_back([&] {
        while (!stop) boost::this_fiber::yield();
      });
    }
    for ([[maybe_unused]] auto iteration : state) boost::this_fiber::yield();
    stop = true;
    for (auto& other : others) other.join();
  });
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void plain_hand_over(benchmark::State& state) {
  in_plain_thread([&] {
    boost::fibers::mutex mutex;
    boost::fibers::condition_variable changed;
    bool mine = true;
    bool stop = false;
    boost::fibers::fiber other{[&] {
      std::unique_lock lock{mutex};
      while (!stop) {
        changed.wait(lock, [&] { return !mine || stop; });
        mine = true;
        changed.notify_one();
      }
    }};
    {
      std::unique_lock lock{mutex};
      for ([[maybe_unused]] auto iteration : state) {
        mine = false;
        changed.notify_one();
        changed.wait(lock, [&] { return mine; });
      }
      stop = true;
      changed.notify_one();
    }
    other.join();
  });
  state.SetItemsProcessed(state.iterations() * 2);
}

void hand_over_local(benchmark::State& state) { hand_over(state, 0, false); }
void hand_over_timed(benchmark::State& state) { hand_over(state, 0, true); }
void hand_over_across(benchmark::State& state) { hand_over(state, 1, false); }

BENCHMARK(plain_yield)->Name("threads/plain_boost_yield")->Arg(2)->Arg(10)->UseRealTime();
BENCHMARK(yield)->Name("threads/yield")->Arg(2)->Arg(10)->UseRealTime();
BENCHMARK(plain_hand_over)->Name("threads/plain_boost_hand_over")->UseRealTime();
BENCHMARK(hand_over_local)->Name("threads/hand_over")->UseRealTime();
BENCHMARK(hand_over_timed)->Name("threads/hand_over_timed")->UseRealTime();
BENCHMARK(hand_over_across)->Name("threads/hand_over_across_workers")->UseRealTime();
BENCHMARK(future)->Name("threads/future")->UseRealTime();
BENCHMARK(spawn)->Name("threads/spawn")->UseRealTime();

}  // namespace
}  // namespace thresher::runtime
