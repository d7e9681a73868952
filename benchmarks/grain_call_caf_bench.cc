// CAF, to compare with grain_call_bench.cc: 100 pairs on one thread, as a bare ping-pong of
// messages and as requests with a timeout. Items are request/response pairs; rates are by the CPU
// time of the process, so that other work of the machine does not count.
#include <benchmark/benchmark.h>

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>

namespace {

constexpr int pairs = 100;
constexpr std::int64_t rounds = 1000;

caf::behavior pong(caf::event_based_actor*) {
  return {[](std::int64_t ball) { return ball + 1; }};
}

caf::behavior ping(caf::event_based_actor* self, const caf::actor& partner) {
  self->send(partner, std::int64_t{0});
  return {[=](std::int64_t ball) {
    if (ball == rounds) {
      self->quit();
    } else {
      self->send(partner, ball);
    }
  }};
}

void request_next(caf::event_based_actor* self, const caf::actor& partner, std::int64_t ball) {
  self->request(partner, std::chrono::seconds{3600}, ball).then([=](std::int64_t answer) {
    if (answer == rounds) {
      self->quit();
    } else {
      request_next(self, partner, answer);
    }
  });
}

caf::behavior requester(caf::event_based_actor* self, const caf::actor& partner) {
  request_next(self, partner, 0);
  return {[](std::int64_t) {}};
}

template <typename First>
void play(benchmark::State& state, First first) {
  caf::actor_system_config config;
  config.set("scheduler.max-threads", std::size_t{1});
  caf::actor_system system{config};
  for (auto _ : state) {
    for (int i = 0; i < pairs; ++i) system.spawn(first, system.spawn(pong));
    system.await_all_actors_done();
  }
  state.SetItemsProcessed(state.iterations() * pairs * rounds);
}

void grain_call_caf_messages(benchmark::State& state) { play(state, ping); }
BENCHMARK(grain_call_caf_messages)->MeasureProcessCPUTime();

void grain_call_caf_requests(benchmark::State& state) { play(state, requester); }
BENCHMARK(grain_call_caf_requests)->MeasureProcessCPUTime();

}  // namespace
