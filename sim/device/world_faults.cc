// Wires a plan to a world. Wrappers keep the driver's saboteur beside them, since each process has
// its own.
#include "thresher/sim/device/world_faults.h"

#include "thresher/faults/faulty_driver.h"
#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::sim {

using faults::Injector;
using faults::Plan;
using faults::PlanError;

class WorldFaults::LayerRelay final : public gpu::LayerFaults {
 public:
  gpu::LayerFault on_reset(gpu::DeviceOrdinal device, gpu::ResetType type) noexcept override {
    return target ? target->on_reset(device, type) : gpu::LayerFault::none;
  }
  gpu::LayerFault on_canary(gpu::DeviceOrdinal device) noexcept override {
    return target ? target->on_canary(device) : gpu::LayerFault::none;
  }
  std::optional<faults::LayerInjector> target;
};

namespace {

/// One process's stack of wrappers, from the inside out.
struct FaultyStack {
  FaultyStack(SimulatedDriver& driver, Injector& injector, World& world,
              gpu::DeviceOrdinal device)
      : saboteur{driver},
        faulty{driver, &saboteur, injector, world.services().scheduler, device},
        hashing{faulty, world} {}
  SimulatedWorkSaboteur saboteur;
  faults::FaultyDriver faulty;
  HashingDriver hashing;
};

/// Hands `hashing` out as the driver while it owns the whole stack.
class StackDriver final : public faults::ForwardingDriver<StackDriver> {
 public:
  explicit StackDriver(std::unique_ptr<FaultyStack> stack)
      : ForwardingDriver{stack->hashing}, stack_{std::move(stack)} {}
  template <typename Forward>
  auto around(const faults::CallFacts&, Forward forward) {
    return forward();
  }

 private:
  std::unique_ptr<FaultyStack> stack_;
};

}  // namespace

WorldFaults::WorldFaults(World& world, SimulatedMachine& machine)
    : world_{world},
      machine_{machine},
      draw_{world.choices()},
      tap_{world},
      devices_{machine, world.services().scheduler},
      layer_{std::make_unique<LayerRelay>()} {
  machine.set_tap(&tap_);
}

WorldFaults::~WorldFaults() { machine_.set_tap(nullptr); }

std::string WorldFaults::problem(std::string_view json, std::uint32_t devices_max) {
  THRESHER_ASSERT(devices_max >= 1);
  const auto plan = Plan::parse(json);
  if (!plan) return plan.error().message;
  for (std::size_t at = 0; at < plan->rules.size(); ++at) {
    const auto device = plan->rules[at].point.device;
    if (!device || device->value < devices_max) continue;
    return "$.rules[" + std::to_string(at) + "].on.device: must be below " +
           std::to_string(devices_max) + ", the most devices a run has here, but is " +
           std::to_string(device->value);
  }
  return {};
}

faults::InjectorParts WorldFaults::parts() {
  return {.draw = draw_, .log = *this, .devices = &devices_, .processes = &processes_};
}

runtime::Expected<void, PlanError> WorldFaults::arm(Plan plan, faults::Budget budget) {
  THRESHER_ASSERT(injector_ == nullptr);
  if (auto fits = Injector::check(plan, parts()); !fits) return fits;
  runtime::Scheduler& scheduler = world_.services().scheduler;
  injector_ = std::make_unique<Injector>(std::move(plan), parts(), budget, scheduler.now());
  layer_->target.emplace(*injector_, scheduler);
  injector_->start();
  return {};
}

gpu::LayerFaults& WorldFaults::layer() noexcept { return *layer_; }

DriverWrapper WorldFaults::wrapper() {
  return [this](SimulatedDriver& driver, gpu::DeviceOrdinal device,
                std::uint64_t) -> std::unique_ptr<gpu::Driver> {
    if (injector_ == nullptr) return std::make_unique<HashingDriver>(driver, world_);
    return std::make_unique<StackDriver>(
        std::make_unique<FaultyStack>(driver, *injector_, world_, device));
  };
}

std::unique_ptr<runtime::GrainStorage> WorldFaults::wrap(runtime::GrainStorage& inner) {
  THRESHER_ASSERT(injector_ != nullptr);
  return std::make_unique<faults::FaultyStorage>(inner, *injector_, world_.services().scheduler);
}

void WorldFaults::heal() {
  if (injector_ != nullptr) injector_->heal();
}

void WorldFaults::injected(std::size_t rule_index, const faults::Rule& rule) {
  world_.checks().injected(rule.text());
  world_.services().probe.event({.kind = runtime::EventKind::fault_injected,
                                 .subject = rule.point.device ? rule.point.device->value : 0,
                                 .a = static_cast<std::uint64_t>(rule.effect.kind),
                                 .b = rule_index});
}

}  // namespace thresher::sim
