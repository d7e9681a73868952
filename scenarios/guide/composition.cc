// How the parts of a guide scenario hang together, and in which order they go.
//
// Members of Parts are destroyed from the last to the first: the silo before the pools that its
// grains use, those before the layer, the layer before the driver processes, those before the
// devices.
#include "thresher/scenarios/guide/composition.h"

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/compiler.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/guide/dotcompute/accelerator.h"
#include "thresher/scenarios/guide/guide_faults.h"
#include "thresher/scenarios/guide/hardened/breakers.h"
#include "thresher/scenarios/guide/hardened/holding_grains.h"
#include "thresher/scenarios/guide/hardened/leasing_grains.h"
#include "thresher/scenarios/guide/published/accelerator_pool.h"
#include "thresher/scenarios/guide/published/registration.h"
#include "thresher/scenarios/guide/published/thresher_layer.h"
#include "thresher/sim/device/simulated_driver_host.h"
#include "thresher/sim/device/simulated_machine.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace thresher::scenarios::guide {
namespace {

using runtime::Grain;
using runtime::GrainContext;

/// What reaches the driver and must not. Published patterns over DotCompute use stale handles by
/// construction, so that only the hardened ones are judged.
class Watch final : public sim::DriverWatch {
 public:
  Watch(sim::Checks& checks, bool judged) : checks_{checks}, judged_{judged} {}
  void stale_handle(gpu::DriverCall call) noexcept override {
    if (!judged_) return;
    checks_.always(false, "device.stale_handle", [call] {
      return "a stale handle reached the driver in " + std::string{gpu::name(call)};
    });
  }
  void blocks_worker(gpu::DriverCall call) noexcept override {
    if (!judged_) return;
    checks_.always(false, "device.worker_blocked", [call] {
      return std::string{gpu::name(call)} + " blocks a worker outside run_blocking";
    });
  }

 private:
  sim::Checks& checks_;
  bool judged_;
};

/// The machine's devices, which are there before any process starts.
struct Devices {
  Devices(sim::SimulatedMachine& machine, const std::string& profile_name,
          const Configuration& drawn) {
    auto profile = sim::DeviceProfile::named(profile_name);
    THRESHER_ASSERT(profile.has_value());
    profile->properties.memory_bytes = drawn.memory_bytes;
    for (std::uint32_t i = 0; i < drawn.devices; ++i) machine.add_device(*profile);
  }
};

gpu::FactoryOptions factory_options(bool published) {
  gpu::FactoryOptions options;
  options.shared_context = published;
  return options;
}

runtime::SiloOptions silo_options() {
  runtime::SiloOptions options;
  options.verify_encoding = true;
  return options;
}

}  // namespace

Configuration Configuration::draw(Draws& draws, Pattern pattern, bool published) {
  Configuration drawn;
  const auto small = [&draws](const Knob& knob) {
    return static_cast<std::uint32_t>(draws.of(knob));
  };
  drawn.devices = small(devices_knob);
  drawn.grains = small(grains_knob);
  drawn.clients = small(clients_knob);
  drawn.calls = small(calls_knob);
  drawn.pool_size = small(pool_size_knob);
  drawn.memory_bytes = (std::uint64_t{2} << 30) << draws.of(memory_knob);
  // A hybrid keeps one device for high priority and needs another for its pool.
  if (pattern == Pattern::hybrid && !published) drawn.devices = std::max(drawn.devices, 2u);
  drawn.thresher_layer = !published || draws.of(layer_knob) == 1;
  return drawn;
}

struct Composition::Parts {
  Parts(sim::World& world, const sim::RunKey& key, const Configuration& drawn, bool published);
  void make_published(Pattern pattern, const Configuration& drawn);
  void make_hardened(Pattern pattern, const Configuration& drawn);

  sim::World& world;
  runtime::Services& services;
  Witness witness;
  Watch watch;
  sim::SimulatedMachine machine;
  Devices devices;
  GuideFaults faults;
  sim::SimulatedDriverHost host;
  gpu::KeptCompiler compiler;
  std::optional<gpu::AcceleratorFactory> layer;
  std::unique_ptr<published::AcceleratorFactory> published_factory;
  std::optional<published::AcceleratorPool> published_pool;
  std::optional<gpu::AcceleratorPool> pool;
  std::optional<gpu::HybridAllocator> allocator;
  std::optional<hardened::Breakers> breakers;
  runtime::Silo silo;
};

Composition::Parts::Parts(sim::World& in_world, const sim::RunKey& key, const Configuration& drawn,
                          bool published)
    : world{in_world},
      services{in_world.services()},
      witness{services, in_world.checks()},
      watch{in_world.checks(), !published},
      devices{machine, key.profile, drawn},
      faults{in_world, key, machine},
      host{services, in_world.processes(), machine, faults.host_options(watch)},
      silo{services, silo_options()} {
  faults.begin(host);
}

void Composition::Parts::make_published(Pattern pattern, const Configuration& drawn) {
  using namespace scenarios::published;
  if (drawn.thresher_layer) {
    layer.emplace(services, host, compiler, factory_options(true), &faults.layer());
    published_factory = std::make_unique<ThresherFactory>(services, *layer, witness.ledger());
  } else {
    // DotCompute holds the driver in the silo's own process; here that is one worker for all.
    const auto started = host.start(gpu::DeviceOrdinal{0}, runtime::no_deadline);
    THRESHER_ASSERT(started.has_value());
    published_factory = std::make_unique<dotcompute::Factory>(
        services, *started->driver, gpu::DeviceOrdinal{0}, witness.ledger(), faults.layer(),
        witness);
  }
  silo.add_service(witness);
  silo.add_service(*published_factory);
  if (has_pool(pattern)) {
    published_pool.emplace(services, *published_factory, drawn.pool_size);
    silo.add_service(*published_pool);
  }
  register_grains(silo, pattern);
}

void Composition::Parts::make_hardened(Pattern pattern, const Configuration& drawn) {
  using namespace scenarios::hardened;
  layer.emplace(services, host, compiler, factory_options(false), &faults.layer());
  silo.add_service(witness);
  silo.add_service(*layer);
  gpu::PoolOptions pool_options;
  pool_options.size = drawn.pool_size;
  const auto holding = [this]<typename G>(std::in_place_type_t<G>) {
    silo.register_grain<G>("compute", [](GrainContext& context, Witness& seen,
                                         gpu::AcceleratorFactory& factory) {
      return std::make_unique<G>(context, seen, factory);
    });
  };
  switch (pattern) {
    case Pattern::isolated: holding(std::in_place_type<IsolatedComputeGrain>); break;
    case Pattern::retry: holding(std::in_place_type<ResilientComputeGrain>); break;
    case Pattern::breaker:
      breakers.emplace(*layer);
      silo.add_service(*breakers);
      silo.register_grain<CircuitBreakerGrain>(
          "compute", [](GrainContext& context, Witness& seen, gpu::AcceleratorFactory& factory,
                        Breakers& shared) {
            return std::make_unique<CircuitBreakerGrain>(context, seen, factory, shared);
          });
      break;
    case Pattern::pooled:
      pool.emplace(*layer, pool_options);
      silo.add_service(*pool);
      silo.register_grain<PooledComputeGrain>(
          "compute", [](GrainContext& context, Witness& seen, gpu::AcceleratorPool& from) {
            return std::make_unique<PooledComputeGrain>(context, seen, from);
          });
      break;
    case Pattern::hybrid: {
      gpu::HybridOptions options;
      options.exclusive_devices = {gpu::DeviceOrdinal{0}};
      options.pool = pool_options;
      allocator.emplace(*layer, options);
      silo.add_service(*allocator);
      silo.register_grain<SmartComputeGrain>(
          "compute", [](GrainContext& context, Witness& seen, gpu::HybridAllocator& from) {
            return std::make_unique<SmartComputeGrain>(context, seen, from);
          });
      break;
    }
  }
}

Composition::Composition(sim::World& world, const sim::RunKey& key, Pattern pattern,
                         bool published, const Configuration& configuration)
    : parts_{std::make_unique<Parts>(world, key, configuration, published)} {
  if (published) {
    parts_->make_published(pattern, configuration);
  } else {
    parts_->make_hardened(pattern, configuration);
  }
}

Composition::~Composition() {
  parts_->faults.detach();
  // The driver processes end while the layer that their open notices go to is still there.
  for (std::uint32_t i = 0; i < parts_->machine.device_count(); ++i) {
    if (auto* driver = parts_->host.driver(gpu::DeviceOrdinal{i})) driver->end_process();
  }
}

std::string Composition::problem(const sim::RunKey& key) {
  const auto profile = sim::DeviceProfile::named(key.profile);
  if (!profile) return profile.error().message;
  return GuideFaults::problem(key);
}

void Composition::register_programs(sim::World& world) { sim::register_gpu_worker(world); }

runtime::Silo& Composition::silo() noexcept { return parts_->silo; }
Witness& Composition::witness() noexcept { return parts_->witness; }
std::uint64_t Composition::faults_injected() const noexcept { return parts_->faults.injected(); }

std::uint32_t Composition::accelerators_alive() const {
  std::uint32_t alive = 0;
  for (std::uint32_t i = 0; parts_->layer && i < parts_->machine.device_count(); ++i) {
    alive += parts_->layer->accelerators_on(gpu::DeviceOrdinal{i});
  }
  return alive;
}

void Composition::heal() {
  parts_->witness.heal();
  parts_->faults.heal(parts_->layer ? &*parts_->layer : nullptr);
}

void Composition::close() {
  const auto now = parts_->services.scheduler.now();
  const auto call =
      gpu::CallOptions::until(runtime::deadline_after(now, std::chrono::minutes{5}));
  runtime::Result<void> closed;
  if (parts_->pool) closed = parts_->pool->close(call);
  if (parts_->allocator) closed = parts_->allocator->close(call);
  if (closed) return;
  parts_->world.checks().fail(sim::Verdict::liveness, label::stuck,
                              "the pool does not close: " + runtime::describe(closed.error()));
}

// Nobody uses anything now: what the pools say must be what there is.
void Composition::check_quiescence() {
  auto& checks = parts_->world.checks();
  if (parts_->published_pool) parts_->witness.check_pool(*parts_->published_pool);
  const auto check = [&checks](const gpu::PoolStatistics& is) {
    checks.always(is.leased == 0, label::slot_lost, [&is] {
      return std::to_string(is.leased) + " slots are leased, and nobody holds a lease";
    });
    checks.always(is.accelerators() <= is.size, label::size_exceeded, [&is] {
      return "a pool of " + std::to_string(is.size) + " has " +
             std::to_string(is.accelerators()) + " accelerators";
    });
  };
  if (parts_->pool) check(parts_->pool->statistics());
  if (parts_->allocator) check(parts_->allocator->pool().statistics());
  if (parts_->allocator) check(parts_->allocator->exclusive().statistics());
}

void Composition::check_ledger() {
  const auto& pool = parts_->published_pool;
  parts_->witness.check_ledger(pool ? &*pool : nullptr);
}

}  // namespace thresher::scenarios::guide
