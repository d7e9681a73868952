// The simulated scheduler against plain Boost.Fiber, in one binary and one run.
//
// Targets: at least half the rate of plain Boost.Fiber, both for steps (10 fibers that yield 100
// times each) and for whole runs (2 fibers that yield 5 times each, the world made and destroyed);
// PCT at least half of random. The trace hash is always on. "Plain" is Boost.Fiber under the least
// algorithm that works: first in, first out, the dispatcher every 256 switches, pooled stacks, no
// clock.
//
// What limits a step: Boost's switch is about half of it (it swaps a thread-local, saves the
// callee's registers and calls a continuation on the other stack); the rest is the random choice,
// its hash, the exceptions' save and the queue of ready fibers that answer 0 and the tape need.
#include "thresher/sim/world.h"

#include <boost/fiber/algo/algorithm.hpp>
#include <boost/fiber/context.hpp>
#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>
#include <boost/fiber/pooled_fixedsize_stack.hpp>
#include <boost/fiber/scheduler.hpp>
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

namespace thresher::sim {
namespace {

class FirstInFirstOut final : public boost::fibers::algo::algorithm {
 public:
  void awakened(boost::fibers::context* context) noexcept override {
    if (context->is_context(boost::fibers::type::dispatcher_context)) {
      dispatcher_ = context;
    } else {
      context->ready_link(ready_);
    }
  }
  boost::fibers::context* pick_next() noexcept override {
    // Only the dispatcher frees fibers that have ended.
    if (ready_.empty() || (++picks_ % 256 == 0 && dispatcher_ != nullptr)) {
      return std::exchange(dispatcher_, nullptr);
    }
    boost::fibers::context* const next = &ready_.front();
    ready_.pop_front();
    return next;
  }
  bool has_ready_fibers() const noexcept override {
    return !ready_.empty() || dispatcher_ != nullptr;
  }
  void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override {}
  void notify() noexcept override {}

 private:
  boost::fibers::scheduler::ready_queue_type ready_;
  boost::fibers::context* dispatcher_ = nullptr;
  std::uint64_t picks_ = 0;
};

void plain_run(boost::fibers::pooled_fixedsize_stack& stacks, int fibers, int yields) {
  std::vector<boost::fibers::fiber> started;
  started.reserve(static_cast<std::size_t>(fibers));
  for (int i = 0; i < fibers; ++i) {
    started.emplace_back(boost::fibers::launch::post, std::allocator_arg, stacks, [yields] {
      for (int n = 0; n < yields; ++n) boost::this_fiber::yield();
    });
  }
  for (boost::fibers::fiber& fiber : started) fiber.join();
}

void plain(benchmark::State& state) {
  const auto fibers = static_cast<int>(state.range(0));
  const auto yields = static_cast<int>(state.range(1));
  boost::fibers::use_scheduling_algorithm<FirstInFirstOut>();
  boost::fibers::pooled_fixedsize_stack stacks{64 * 1024};
  for ([[maybe_unused]] auto iteration : state) plain_run(stacks, fibers, yields);
  state.SetItemsProcessed(state.iterations() * fibers * yields);
}

void simulated(benchmark::State& state, const StrategySpec& strategy) {
  const auto fibers = static_cast<int>(state.range(0));
  const auto yields = static_cast<int>(state.range(1));
  Engine engine;
  WorldOptions options;
  options.strategy = strategy;
  for ([[maybe_unused]] auto iteration : state) {
    ++options.seed;
    World world{engine, options};
    runtime::Scheduler& scheduler = world.services().scheduler;
    const RunResult result = world.run([&scheduler, fibers, yields] {
      for (int i = 0; i < fibers; ++i) {
        scheduler.spawn({.name = "yielder"}, [&scheduler, yields] {
          for (int n = 0; n < yields; ++n) scheduler.yield();
        });
      }
    });
    if (result.verdict != Verdict::survived) state.SkipWithError("the run failed");
  }
  state.SetItemsProcessed(state.iterations() * fibers * yields);
}

void random_walk(benchmark::State& state) { simulated(state, StrategySpec{}); }
void pct(benchmark::State& state) {
  simulated(state, {.kind = StrategySpec::Kind::pct, .depth = 3, .length = 1000});
}

// Arguments: fibers, yields of each. `items_per_second` counts yields; the rate of whole runs is
// that of iterations.
BENCHMARK(plain)->Name("scheduler/plain_boost")->Args({10, 100})->Args({2, 5});
BENCHMARK(random_walk)->Name("scheduler/random")->Args({10, 100})->Args({2, 5});
BENCHMARK(pct)->Name("scheduler/pct")->Args({10, 100})->Args({2, 5});

}  // namespace
}  // namespace thresher::sim
