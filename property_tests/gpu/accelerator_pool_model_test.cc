// The accelerator pool under any mix of tenants, faults and changes of size.
//
// Tenants acquire with deadlines and tokens, compute, break the device, leave kernels stuck, and
// return or drop their leases, while resets, canaries and driver processes fail as drawn. Then the
// faults stop: every slot must be obtainable again, and closing must leave nothing behind.
#include "thresher/gpu/accelerator_pool.h"

#include "thresher/gpu/layer_test.h"
#include "thresher/property_tests/gpu/model_check.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <vector>

namespace thresher::gpu {
namespace {

enum class Use : std::uint8_t { compute, hold, poison, stick, quarantine };

struct Tenancy {
  std::uint8_t starts_ms = 0;
  std::uint8_t patience_s = 1;
  std::uint8_t holds_s = 1;
  Use use = Use::compute;
  bool cancels = false;
};

struct PoolScript {
  std::uint8_t size = 1;
  std::uint8_t resized = 0;
  std::vector<Tenancy> tenancies;
  std::vector<LayerFault> resets;
  std::vector<LayerFault> canaries;
  bool start_fails = false;
};

std::ostream& operator<<(std::ostream& os, const PoolScript& script) {
  os << "size " << int{script.size} << " then " << int{script.resized} << ", "
     << script.resets.size() << " reset faults, " << script.canaries.size() << " canary faults"
     << (script.start_fails ? ", start fails" : "") << ":";
  for (const Tenancy& each : script.tenancies) {
    os << " [" << int{each.starts_ms} << " ms, patience " << int{each.patience_s} << " s, holds "
       << int{each.holds_s} << " s, use " << static_cast<int>(each.use)
       << (each.cancels ? ", cancels" : "") << "]";
  }
  return os;
}

rc::Gen<std::vector<LayerFault>> layer_faults() {
  return rc::gen::container<std::vector<LayerFault>>(
      rc::gen::element(LayerFault::none, LayerFault::no_success, LayerFault::error,
                       LayerFault::hang));
}

rc::Gen<PoolScript> pool_scripts() {
  const auto small = [](int low, int high) {
    return rc::gen::map(rc::gen::inRange<int>(low, high),
                        [](int value) { return static_cast<std::uint8_t>(value); });
  };
  const auto tenancy = rc::gen::build<Tenancy>(
      rc::gen::set(&Tenancy::starts_ms, small(0, 200)),
      rc::gen::set(&Tenancy::patience_s, small(1, 40)),
      rc::gen::set(&Tenancy::holds_s, small(0, 5)),
      rc::gen::set(&Tenancy::use,
                   rc::gen::weightedElement<Use>({{5, Use::compute},
                                                  {2, Use::hold},
                                                  {2, Use::poison},
                                                  {2, Use::stick},
                                                  {1, Use::quarantine}})),
      rc::gen::set(&Tenancy::cancels));
  return rc::gen::build<PoolScript>(
      rc::gen::set(&PoolScript::size, small(1, 4)),
      rc::gen::set(&PoolScript::resized, small(0, 4)),
      rc::gen::set(&PoolScript::tenancies, rc::gen::container<std::vector<Tenancy>>(tenancy)),
      rc::gen::set(&PoolScript::resets, layer_faults()),
      rc::gen::set(&PoolScript::canaries, layer_faults()),
      rc::gen::set(&PoolScript::start_fails));
}

class PoolModel {
 public:
  PoolModel(Layer& layer, const PoolScript& script)
      : layer_{layer}, script_{script}, pool_{*layer.factory, options()} {
    layer.faults.reset = script.resets;
    layer.faults.canary = script.canaries;
    if (script.start_fails) layer.host.start_error = Errc::unavailable;
  }

  void run() {
    for (const Tenancy& tenancy : script_.tenancies) {
      layer_.services.scheduler.spawn({.name = "tenant"}, [this, &tenancy] { serve(tenancy); });
    }
    if (script_.resized > 0) {
      layer_.pause(3s);
      pool_.resize(script_.resized);
    }
    layer_.pause(20s);
    layer_.host.start_error.reset();
    layer_.pause(20min);
    MODEL_CLAIM(ended_ == script_.tenancies.size());
    heal();
  }

 private:
  PoolOptions options() const {
    PoolOptions result;
    result.size = script_.size;
    return result;
  }

  void serve(const Tenancy& tenancy) {
    layer_.pause(std::chrono::milliseconds{tenancy.starts_ms});
    runtime::CancellationSource source{layer_.services.scheduler};
    if (tenancy.cancels) source.cancel_at(layer_.in(1s));
    CallOptions call{.token = source.token(), .deadline = {}, .authority = {}};
    call.deadline = layer_.in(std::chrono::seconds{tenancy.patience_s});
    Result<Lease> lease = pool_.acquire(call);
    if (lease) use(*lease, tenancy);
    ++ended_;
  }

  void use(const Lease& lease, const Tenancy& tenancy) {
    Accelerator& accelerator = *lease;
    MODEL_CLAIM(leased_.insert(accelerator.id()).second);
    MODEL_CLAIM(leased_.size() <= std::max(script_.size, script_.resized));
    MODEL_CLAIM(accelerator.quarantined_bytes() <=
              layer_.factory->options().accelerator.quarantined_bytes_max);
    if (accelerator.usable()) abuse(accelerator, tenancy.use);
    layer_.pause(std::chrono::seconds{tenancy.holds_s});
    leased_.erase(accelerator.id());
  }

  void abuse(Accelerator& accelerator, Use use) {
    switch (use) {
      case Use::compute: {
        // Another tenant of the device may poison the process meanwhile: a typed error, no lie.
        const auto computed = layer_.computes(accelerator);
        if (computed) MODEL_CLAIM(*computed);
        break;
      }
      case Use::hold: break;
      case Use::poison: disturb(accelerator, {.result = DriverResult::illegal_address}); break;
      case Use::stick: disturb(accelerator, {.stuck = true}); break;
      case Use::quarantine: accelerator.quarantine_device(); break;
    }
  }

  void disturb(Accelerator& accelerator, const sim::WorkFault& fault) {
    const auto kernel = accelerator.load(scale_kernel);
    const auto buffer = accelerator.allocate<std::uint32_t>(100);
    if (!kernel || !buffer) return;
    sim::SimulatedDriver& driver = layer_.host.driver(accelerator.device());
    driver.arm(fault);
    const auto launched = accelerator.launch(*kernel, LaunchShape::linear(100),
                                             arguments(*buffer, 3u, 100u));
    driver.disarm();
    static_cast<void>(launched.has_value());
  }

  void heal() {
    layer_.faults.reset.clear();
    layer_.faults.canary.clear();
    for (std::uint32_t i = 0; i < 2; ++i) {
      if (!layer_.factory->usable({i})) layer_.factory->readmit({i});
    }
    const std::uint32_t size = script_.resized > 0 ? script_.resized : script_.size;
    {
      std::vector<Lease> all;
      std::set<AcceleratorId> seen;
      for (std::uint32_t i = 0; i < size; ++i) {
        all.push_back(pool_.acquire(layer_.within(5min)).value());
        MODEL_CLAIM(seen.insert(all.back()->id()).second);
        MODEL_CLAIM(layer_.computes(*all.back()).value());
      }
      MODEL_CLAIM(pool_.acquire(layer_.within(1s)).error().code == Errc::timeout);
      MODEL_CLAIM(pool_.statistics().leased == size);
    }
    MODEL_CLAIM(pool_.close(layer_.within(10min)).has_value());
    for (std::uint32_t i = 0; i < 2; ++i) MODEL_CLAIM(layer_.factory->accelerators_on({i}) == 0u);
  }

  template <typename T>
  using Result = runtime::Result<T>;

  Layer& layer_;
  const PoolScript& script_;
  AcceleratorPool pool_;
  std::set<AcceleratorId> leased_;
  std::size_t ended_ = 0;
};

class PoolModelTest : public LayerTest {
 protected:
  PoolModelTest() { devices = 2; }
};

RC_GTEST_FIXTURE_PROP(PoolModelTest, loses_no_slot_and_hands_nothing_out_twice, ()) {
  const PoolScript script = *pool_scripts();
  seed = *rc::gen::arbitrary<std::uint64_t>();
  survives(run_world([&](Layer& layer) { PoolModel{layer, script}.run(); }));
}

}  // namespace
}  // namespace thresher::gpu
