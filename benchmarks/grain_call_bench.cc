// Calls between grains, and what an activation costs.
//
// Request and response with a request context, a timeout and one filter a side: the goal is 2.5
// times CAF's ping-pong of the same shape (grain_call_caf_bench.cc) in the same run, and a million
// a second in simulation. An idle activation may cost 2 KiB beyond the user's state, a parked turn
// 12 KiB. Items are request/response pairs.
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/grain/silo.h"
#include "thresher/runtime/threads/thread_scheduler.h"
#include "thresher/sim/world.h"

#include <benchmark/benchmark.h>

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

constexpr int pairs = 100;

struct IPing : Interface<"bench.Ping"> {
  static constexpr auto ping = method<"ping", std::int64_t(std::int64_t)>();
  static constexpr auto play = method<"play", std::int64_t(std::string, std::int64_t)>();
  static constexpr auto wait = method<"wait", void(std::int64_t)>();
};

class PingGrain final : public Grain {
 public:
  explicit PingGrain(GrainContext& context) : Grain{context} {}
  static void bind(MethodTable<PingGrain>& table) {
    table.on(IPing::ping, &PingGrain::ping)
        .on(IPing::play, &PingGrain::play)
        .on(IPing::wait, &PingGrain::wait);
  }
  std::int64_t ping(std::int64_t ball) const { return ball + 1; }
  std::int64_t play(const std::string& partner, std::int64_t rounds) const {
    request_context().set("trace", "42");
    const GrainRef<IPing> other = get_grain<IPing>(partner);
    std::int64_t ball = 0;
    for (std::int64_t i = 0; i < rounds; ++i) ball = other.call(IPing::ping, ball).value();
    return ball;
  }
  Result<void> wait(std::int64_t milliseconds) const {
    return sleep_for(scheduler(), std::chrono::milliseconds{milliseconds});
  }
};

class PassIncoming final : public IncomingCallFilter {
 public:
  void invoke(IncomingCall& call) override { call.proceed(); }
};
class PassOutgoing final : public OutgoingCallFilter {
 public:
  void invoke(OutgoingCall& call) override { call.proceed(); }
};

class FixedEntropy final : public Entropy {
 public:
  std::uint64_t next(std::string_view) override { return ++state_; }

 private:
  std::uint64_t state_ = 0;
};

void set_up(Silo& silo, bool filters) {
  silo.register_grain<PingGrain>("ping");
  if (filters) {
    silo.add_incoming_filter(std::make_unique<PassIncoming>());
    silo.add_outgoing_filter(std::make_unique<PassOutgoing>());
  }
  silo.start().value();
}

/// All pairs play so many rounds at once.
void play(Silo& silo, std::int64_t rounds) {
  std::vector<CallFuture<std::int64_t>> games;
  for (int i = 0; i < pairs; ++i) {
    games.push_back(silo.get_grain<IPing>("left" + std::to_string(i))
                        .with({.timeout = std::chrono::hours{1}})
                        .start(IPing::play, "right" + std::to_string(i), rounds));
  }
  for (auto& game : games) game.take().value();
}

/// Runs `body(silo)` as a fiber of a scheduler with real threads.
template <typename Body>
void on_threads(std::uint32_t workers, bool filters, Body body) {
  FixedEntropy entropy;
  NullProbe probe;
  ThreadScheduler scheduler{{.workers = workers}};
  const Services services{scheduler, entropy, probe};
  scheduler.spawn({.name = "main"}, [&] {
    Silo silo{services};
    set_up(silo, filters);
    body(silo);
    static_cast<void>(silo.stop());
  });
  scheduler.wait_for_foreground();
  scheduler.shut_down();
}

void grain_call(benchmark::State& state, std::uint32_t workers, bool filters) {
  constexpr std::int64_t rounds = 1000;
  on_threads(workers, filters, [&](Silo& silo) {
    play(silo, 10);
    for (auto _ : state) play(silo, rounds);
  });
  state.SetItemsProcessed(state.iterations() * pairs * rounds);
}
BENCHMARK_CAPTURE(grain_call, one_worker, 1, true)->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(grain_call, one_worker_without_filters, 1, false)->MeasureProcessCPUTime();
BENCHMARK_CAPTURE(grain_call, two_workers, 2, true)->UseRealTime();

void grain_call_simulated(benchmark::State& state) {
  constexpr std::int64_t rounds = 100;
  sim::Engine engine;
  for (auto _ : state) {
    sim::World world{engine, {.workers = 1, .fault_points = false}};
    world.run([&] {
      Silo silo{world.services()};
      set_up(silo, true);
      play(silo, rounds);
      static_cast<void>(silo.stop());
    });
  }
  state.SetItemsProcessed(state.iterations() * pairs * rounds);
}
BENCHMARK(grain_call_simulated);

std::int64_t resident_bytes() {
  long pages = 0;
  long resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  const int read = std::fscanf(file, "%ld %ld", &pages, &resident);
  static_cast<void>(std::fclose(file));
  return read == 2 ? resident * ::sysconf(_SC_PAGESIZE) : 0;
}

/// Memory of `count` grains after `method` was called (and perhaps not awaited) on each.
template <typename Touch>
void report_memory(benchmark::State& state, int count, Touch touch) {
  for (auto _ : state) {
    ::malloc_trim(0);
    on_threads(1, false, [&](Silo& silo) {
      touch(silo, 0);
      const std::int64_t before = resident_bytes();
      for (int i = 1; i <= count; ++i) touch(silo, i);
      const std::int64_t each = (resident_bytes() - before) / count;
      state.counters["bytes_each"] = static_cast<double>(each);
    });
  }
}

void idle_activation_memory(benchmark::State& state) {
  report_memory(state, 100'000, [](Silo& silo, int i) {
    silo.get_grain<IPing>(std::to_string(i)).call(IPing::ping, 0).value();
  });
}
BENCHMARK(idle_activation_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

void parked_turn_memory(benchmark::State& state) {
  std::vector<CallFuture<void>> waiting;
  report_memory(state, 5'000, [&](Silo& silo, int i) {
    waiting.push_back(silo.get_grain<IPing>(std::to_string(i)).start(IPing::wait, 3'000));
    silo.get_grain<IPing>("other").call(IPing::ping, 0).value();
  });
}
BENCHMARK(parked_turn_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace thresher::runtime
