// Composition of the simulated world. The parts of a world are kept by the engine and begin
// anew for each run, so that a short run allocates nothing.
#include "thresher/sim/world.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/build_info.h"
#include "thresher/runtime/carrier/carriers.h"
#include "thresher/sim/explore/strategy_factory.h"
#include "thresher/sim/lane_choices.h"
#include "thresher/sim/run_checks.h"
#include "thresher/sim/sim_entropy.h"
#include "thresher/sim/sim_probe.h"
#include "thresher/sim/sim_processes.h"
#include "thresher/sim/sim_scheduler.h"

#include <cstdio>
#include <utility>

namespace thresher::sim {
namespace {

// Stands in between worlds, when nothing runs.
class NobodyHome final : public runtime::CarrierClient {
 public:
  runtime::Carrier* run(runtime::Carrier&) noexcept override { THRESHER_UNREACHABLE(); }
  const char* running_name() const noexcept override { return "none"; }
};

}  // namespace

struct World::Impl {
  explicit Impl(runtime::Carriers& of) : carriers{of} {}

  void begin(WorldOptions with);
  RunResult finish();

  runtime::Carriers& carriers;
  WorldOptions options;
  TraceHash hash;
  RunChecks checks;
  LaneChoices choices{hash, checks};
  SimScheduler scheduler{carriers, hash, choices, checks};
  SimEntropy entropy{choices, scheduler};
  SimProbe probe{scheduler, choices, checks, hash};
  runtime::Services services{scheduler, entropy, probe};
  SimProcesses processes{scheduler, services};
  StrategySpec strategy_spec;
  std::unique_ptr<Strategy> strategy;
  bool ran = false;
};

struct Engine::Impl {
  NobodyHome nobody;
  runtime::Carriers carriers{nobody};
  std::unique_ptr<World::Impl> spare;
  bool occupied = false;
};

Engine::Engine() : impl_{std::make_unique<Impl>()} {}
Engine::~Engine() { THRESHER_ASSERT(!impl_->occupied); }

void World::Impl::begin(WorldOptions with) {
  options = std::move(with);
  hash.reset();
  if (strategy == nullptr || strategy_spec != options.strategy) {
    strategy_spec = options.strategy;
    strategy = make_strategy(strategy_spec);
  }
  strategy->begin(runtime::combine(options.seed, runtime::hash_name("sched")));
  checks.begin(scheduler, options.trace, options.only);
  choices.begin(options, &scheduler.position());
  scheduler.begin(options, *strategy);
  scheduler.add_process(options.workers);
  entropy.begin();
  probe.begin(options);
  processes.begin();
  carriers.set_client(scheduler);
  ran = false;
}

RunResult World::Impl::finish() {
  RunResult result;
  checks.give(result);
  result.steps = scheduler.position().step;
  result.ended_at = scheduler.position().now;
  if (result.verdict == Verdict::survived) {
    result.failed_step = result.steps;
    result.failed_at = result.ended_at;
  }
  result.trace_hash = hash.value();
  result.hit_step_bound = scheduler.hit_step_bound();
  result.fibers_abandoned = scheduler.fibers_abandoned();
  if (options.record) {
    auto tape = std::make_shared<Tape>();
    tape->header.seed = options.seed;
    tape->header.strategy = options.strategy.text();
    tape->header.commit = runtime::build_commit();
    choices.give(*tape);
    scheduler.give(*tape);
    tape->header.sites = tape->hash_of_sites();
    result.tape = std::move(tape);
  }
  return result;
}

World::World(Engine& engine, WorldOptions options) : engine_{engine.impl()} {
  THRESHER_ASSERT(!engine_.occupied);
  engine_.occupied = true;
  impl_ = std::move(engine_.spare);
  if (impl_ == nullptr) impl_ = std::make_unique<Impl>(engine_.carriers);
  impl_->begin(std::move(options));
}

World::~World() {
  // Fibers that were started for a run that never came.
  if (!impl_->ran) {
    impl_->scheduler.end_world();
    impl_->scheduler.drive();
  }
  impl_->processes.begin();
  engine_.spare = std::move(impl_);
  engine_.occupied = false;
}

runtime::Services& World::services() noexcept { return impl_->services; }
runtime::Processes& World::processes() noexcept { return impl_->processes; }
Choices& World::choices() noexcept { return impl_->choices; }
Checks& World::checks() noexcept { return impl_->checks; }

void World::register_program(std::string name,
                             runtime::UniqueFunction<int(runtime::ProcessContext&)> body) {
  impl_->processes.add_program(std::move(name), std::move(body));
}

void World::cross(std::uint64_t call, std::uint64_t result, std::uint64_t checksum) noexcept {
  if (!impl_->options.hash || impl_->scheduler.silent()) return;
  impl_->hash.fold(call);
  impl_->hash.fold(result);
  impl_->hash.fold(checksum);
  if (Trace* const trace = impl_->options.trace; trace != nullptr) {
    const Position& position = impl_->scheduler.position();
    trace->add({.at = position.now,
                .step = position.step,
                .fiber = position.fiber,
                .kind = TraceKind::crossed,
                .a = call,
                .b = result,
                .c = checksum});
  }
}

void World::jump_wall(runtime::Duration by) noexcept { impl_->scheduler.jump_wall(by); }

RunResult World::run(runtime::Task main) {
  THRESHER_ASSERT(!impl_->ran);
  impl_->ran = true;
  const runtime::AssertionReporter reporter = [](void* context) noexcept {
    const Impl& world = *static_cast<const Impl*>(context);
    const Position& position = world.scheduler.position();
    std::fprintf(stderr, "  in a simulated world: seed %llu, step %llu, at %lld ns, fiber '%s'\n",
                 static_cast<unsigned long long>(world.options.seed),
                 static_cast<unsigned long long>(position.step),
                 static_cast<long long>(position.now.time_since_epoch().count()),
                 position.fiber_name);
  };
  runtime::set_assertion_reporter(reporter, impl_.get());
  impl_->scheduler.spawn({.name = "main"}, std::move(main));
  impl_->scheduler.drive();
  runtime::set_assertion_reporter(nullptr, nullptr);
  return impl_->finish();
}

std::uint64_t World::trace_hash() const noexcept { return impl_->hash.value(); }
std::uint64_t World::steps() const noexcept { return impl_->scheduler.position().step; }

}  // namespace thresher::sim
