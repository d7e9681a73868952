// The canary: an unprotected read, yield, write of a shared counter. Keep it this small: when it
// is not found, the fault is the explorer's.
#include "thresher/scenarios/canary/lost_update.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/world_options.h"

#include <array>
#include <cstdint>
#include <string>

namespace thresher::scenarios::canary {

namespace {

constexpr std::array<Defect, 1> defects{
    {{"canary.update_lost",
      "Both fibers read the counter before either writes it back, so one addition is lost."}}};

constexpr ScenarioInfo scenario_info{
    .name = "canary/lost_update",
    .summary = "Two fibers add to one counter without a lock: the explorer must notice.",
    .defects = defects,
    .expectations = {},
};

constexpr std::uint32_t fibers = 2;

/// What the fibers share; lives as long as the world's run.
struct Counter {
  std::uint32_t value = 0;
  std::uint32_t finished = 0;
  runtime::ObjectId object{};
};

void add_one(sim::World& world, Counter& counter) {
  runtime::Scheduler& scheduler = world.services().scheduler;
  const std::uint32_t read = counter.value;
  scheduler.yield({.verb = "write", .name = "canary.counter", .object = counter.object});
  counter.value = read + 1;
  counter.finished += 1;
  THRESHER_ASSERT(counter.finished <= fibers);
  if (counter.finished < fibers) return;
  world.checks().always(counter.value == fibers, "canary.update_lost", [&counter] {
    return std::to_string(fibers) + " fibers added one each, the counter is " +
           std::to_string(counter.value);
  });
}

class LostUpdate final : public Scenario {
 public:
  const ScenarioInfo& info() const noexcept override { return scenario_info; }

  runtime::Result<sim::RunResult> run(sim::Engine& engine, const sim::RunKey& key,
                                      const RunOptions& options,
                                      std::string& problem) const override {
    if (!key.knobs.empty()) {
      problem = "it has no knob '" + key.knobs.begin()->first + "'; leave --knob out";
      return runtime::fail(runtime::Errc::configuration);
    }
    if (!key.plan.empty()) {
      problem = "it touches no device and takes no fault plan; leave --faults out";
      return runtime::fail(runtime::Errc::configuration);
    }
    sim::World world{engine, world_options(key, options)};
    Counter counter;
    return world.run([&world, &counter] {
      runtime::Scheduler& scheduler = world.services().scheduler;
      counter.object = scheduler.new_object();
      for (std::uint32_t i = 0; i < fibers; ++i) {
        scheduler.spawn({.worker = {i % scheduler.worker_count()}, .name = "adder"},
                        [&world, &counter] { add_one(world, counter); });
      }
    });
  }
};

}  // namespace

const Scenario& lost_update() {
  static const LostUpdate scenario;
  return scenario;
}

}  // namespace thresher::scenarios::canary
