// Faults of the guide scenarios: what happens at calls is the plan's; a background fiber makes what
// happens by time.
#include "thresher/scenarios/guide/guide_faults.h"

#include "thresher/faults/swarm.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/draws.h"
#include "thresher/scenarios/guide/fault_swarm.h"

#include <chrono>

namespace thresher::scenarios::guide {
namespace {

/// No more strikes than that in a run, and no more lasting effects at one time: recovery is owed
/// only for faults that end.
constexpr std::uint64_t strikes_max = 8;
constexpr std::uint64_t lasting_max = 3;
constexpr auto devices_max = static_cast<std::uint32_t>(devices_knob.high);
/// How often the operator looks for devices out of service.
constexpr runtime::Duration replacement_period = std::chrono::minutes{1};

}  // namespace

std::string GuideFaults::problem(const sim::RunKey& key) {
  return key.plan.empty() ? std::string{} : sim::WorldFaults::problem(key.plan, devices_max);
}

GuideFaults::GuideFaults(sim::World& world, const sim::RunKey& key, sim::SimulatedMachine& machine)
    : world_{world}, key_{key}, machine_{machine}, faults_{world, machine} {}

sim::DriverHostOptions GuideFaults::host_options(sim::DriverWatch& watch) {
  sim::DriverHostOptions options;
  options.driver.watch = &watch;
  options.wrap = faults_.wrapper();
  return options;
}

void GuideFaults::begin(sim::SimulatedDriverHost& host) {
  faults_.attach(&host);
  if (!key_.plan.empty()) {
    auto plan = faults::Plan::parse(key_.plan);
    THRESHER_ASSERT(plan.has_value());
    // A plan may name devices that this run did not draw.
    const auto armed = faults_.arm(plan->within(machine_.device_count()),
                                   faults::Budget::everything());
    THRESHER_ASSERT(armed.has_value());
    return;
  }
  auto plan = drawn_plan();
  const auto armed =
      faults_.arm(std::move(plan), faults::Budget::promised(strikes_max, lasting_max));
  THRESHER_ASSERT(armed.has_value());
  const auto lane = world_.choices().lane("draw/fault.clock_jump");
  if (world_.choices().chance(lane, {.num = 1, .den = 5}, THRESHER_SITE("guide.clock.chosen"))) {
    world_.checks().drawn("fault.clock_jump", "the wall clock jumps by 10 minutes");
    world_.services().scheduler.spawn({.name = "clock", .background = true},
                                      [this] { jump_clock(); });
  }
}

// Two swarms, since neither finds what both do: strikes at early, counted points for the short runs
// of a campaign, and strikes by rates over everything that the seams pass.
faults::Plan GuideFaults::drawn_plan() {
  const auto lane = world_.choices().lane("draw/fault.by_rate");
  if (!world_.choices().chance(lane, {.num = 1, .den = 3}, THRESHER_SITE("guide.faults.style"))) {
    return draw_plan(world_.choices(), world_.checks(), machine_.device_count());
  }
  auto plan = faults::draw_swarm(faults_.draw(), {.devices = machine_.device_count(),
                                                  .workers = true,
                                                  .layer = true,
                                                  .storage = false,
                                                  .lose_devices = true,
                                                  .silent = false});
  world_.checks().drawn("faults", faults::describe(plan));
  return plan;
}

void GuideFaults::jump_clock() {
  const auto lane = world_.choices().lane("fault/clock");
  const auto wait = world_.choices().between(lane, 1, 20, THRESHER_SITE("guide.clock.wait"));
  static_cast<void>(
      runtime::sleep_for(world_.services().scheduler, std::chrono::seconds{wait}));
  if (healed_) return;
  world_.jump_wall(std::chrono::minutes{10});
  world_.checks().injected("the wall clock jumps by 10 minutes");
}

void GuideFaults::heal(gpu::AcceleratorFactory* factory) {
  healed_ = true;
  faults_.heal();
  if (factory == nullptr) return;
  world_.services().scheduler.spawn({.name = "operator", .background = true},
                                    [this, factory] { replace_devices(*factory); });
}

// An incident that was open when the faults stopped may still end in quarantine, so that whoever
// replaces devices keeps looking.
void GuideFaults::replace_devices(gpu::AcceleratorFactory& factory) {
  for (;;) {
    for (std::uint32_t i = 0; i < machine_.device_count(); ++i) {
      const gpu::DeviceOrdinal device{i};
      if (!factory.usable(device)) factory.readmit(device);
    }
    static_cast<void>(runtime::sleep_for(world_.services().scheduler, replacement_period));
  }
}

}  // namespace thresher::scenarios::guide
