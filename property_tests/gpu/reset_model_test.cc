// The reset levels against a model of what each handle is worth after any sequence of them.
//
// Two accelerators, in contexts of their own or in a shared one, get buffers, kernels, work, stuck
// work and faults, and are reset in every way. The model knows which handles live, which epoch each
// context is in and what may not be used again; after each step every handle is tried.
#include "thresher/gpu/layer_test.h"
#include "thresher/gpu/reset.h"
#include "thresher/property_tests/gpu/model_check.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace thresher::gpu {
namespace {

enum class Kind : std::uint8_t { allocate, launch, stick, lose_context, lose_process, reset };

struct Step {
  Kind kind = Kind::allocate;
  std::uint8_t who = 0;
  ResetType type = ResetType::soft;
  bool force = false;
  bool clear_pool = false;
};

std::ostream& operator<<(std::ostream& os, const Step& step) {
  return os << "{kind " << static_cast<int>(step.kind) << ", who " << int{step.who} << ", "
            << name(step.type) << (step.force ? ", forced" : "")
            << (step.clear_pool ? ", clear pool" : "") << "}";
}

rc::Gen<std::vector<Step>> steps() {
  return rc::gen::container<std::vector<Step>>(rc::gen::build<Step>(
      rc::gen::set(&Step::kind, rc::gen::weightedElement<Kind>({{4, Kind::allocate},
                                                                {4, Kind::launch},
                                                                {1, Kind::stick},
                                                                {1, Kind::lose_context},
                                                                {1, Kind::lose_process},
                                                                {5, Kind::reset}})),
      rc::gen::set(&Step::who, rc::gen::element<std::uint8_t>(0, 1)),
      rc::gen::set(&Step::type, rc::gen::element(ResetType::soft, ResetType::context,
                                                 ResetType::hard, ResetType::full)),
      rc::gen::set(&Step::force), rc::gen::set(&Step::clear_pool)));
}

/// One accelerator and what the model knows about it.
struct Tenant {
  std::shared_ptr<Accelerator> accelerator;
  std::vector<Buffer<std::uint32_t>> live;
  std::vector<Buffer<std::uint32_t>> dead;
  /// Index into `live` of what stuck work may touch.
  std::vector<std::size_t> touched;
  std::optional<Kernel> kernel;
  bool stuck = false;

  void kill_all() {
    for (auto& buffer : live) dead.push_back(std::move(buffer));
    live.clear();
    touched.clear();
    kernel.reset();
  }
};

class ResetModel {
 public:
  ResetModel(Layer& layer, bool shared) : layer_{layer}, shared_{shared} {
    for (Tenant& tenant : tenants_) tenant.accelerator = layer.create();
  }

  void run(const Step& step) {
    Tenant& tenant = tenants_[step.who];
    switch (step.kind) {
      case Kind::allocate: allocate(tenant); break;
      case Kind::launch: launch(tenant); break;
      case Kind::stick: stick(tenant); break;
      case Kind::lose_context: fault(tenant, DriverResult::assert); break;
      case Kind::lose_process: fault(tenant, DriverResult::illegal_address); break;
      case Kind::reset: reset(step, tenant, tenants_[1 - step.who]); break;
    }
    check();
  }

  void finish() {
    for (Tenant& tenant : tenants_) {
      ResetOptions options = ResetOptions::Full;
      options.force = true;
      MODEL_CLAIM(tenant.accelerator->reset(options).value().success);
      MODEL_CLAIM(layer_.computes(*tenant.accelerator).value());
    }
    for (Tenant& tenant : tenants_) MODEL_CLAIM(tenant.accelerator->dispose().has_value());
    MODEL_CLAIM(layer_.factory->accelerators_on({}) == 0u);
  }

 private:
  bool sick(const Tenant& tenant) const { return !tenant.accelerator->usable(); }

  void allocate(Tenant& tenant) {
    auto made = tenant.accelerator->allocate<std::uint32_t>(100);
    MODEL_CLAIM(made.has_value() == !sick(tenant));
    if (!made) return;
    tenant.live.push_back(std::move(*made));
    // Its zeroing waits behind the stuck work.
    if (tenant.stuck) tenant.touched.push_back(tenant.live.size() - 1);
  }

  void launch(Tenant& tenant) {
    if (sick(tenant) || tenant.live.empty()) return;
    if (!tenant.kernel) tenant.kernel = tenant.accelerator->load(scale_kernel).value();
    MODEL_CLAIM(tenant.accelerator->launch(*tenant.kernel, LaunchShape::linear(100),
                                         arguments(tenant.live.front(), 2u, 100u))
                  .has_value());
    if (tenant.stuck) tenant.touched.push_back(0);
  }

  void stick(Tenant& tenant) {
    // A context runs four kernels at once: with as many stuck ones nothing else would run.
    if (sick(tenant) || tenant.stuck || ++stuck_kernels_ > 3) return;
    tenant.live.push_back(layer_.stick(*tenant.accelerator));
    tenant.kernel = tenant.accelerator->load(scale_kernel).value();
    tenant.touched.push_back(tenant.live.size() - 1);
    tenant.stuck = true;
  }

  void fault(Tenant& tenant, DriverResult result) {
    // Behind stuck work it would never run.
    if (sick(tenant) || stuck_somewhere(tenant)) return;
    tenant.live.push_back(layer_.fault(*tenant.accelerator, result));
    MODEL_CLAIM(!tenant.accelerator->synchronize().has_value());
    MODEL_CLAIM(sick(tenant));
  }

  bool stuck_somewhere(const Tenant& tenant) const {
    return shared_ ? tenants_[0].stuck || tenants_[1].stuck : tenant.stuck;
  }

  void reset(const Step& step, Tenant& tenant, Tenant& other) {
    ResetOptions options{.reset_type = step.type};
    options.force = step.force;
    options.clear_memory_pool = step.clear_pool;
    options.timeout = 5s;
    const ResetType required = tenant.accelerator->required_level();
    const bool was_sick = sick(tenant);
    const std::uint64_t others_epoch = other.accelerator->epoch();
    const runtime::TimePoint start = layer_.services.scheduler.now();
    const ResetResult result = tenant.accelerator->reset(options).value();
    MODEL_CLAIM(layer_.services.scheduler.now() - start <= options.timeout);
    MODEL_CLAIM(result.success == !result.error.has_value());
    if (required > step.type) MODEL_CLAIM(!result.success);
    // Waiting for stuck work cannot succeed.
    if (tenant.stuck && options.waits() && !was_sick) {
      MODEL_CLAIM(!result.success);
    }
    if (!result.success) return after_failure(tenant, other, result);
    after_success(step, tenant, other, result);
    const bool announced = !result.invalidated.empty();
    MODEL_CLAIM(announced == (other.accelerator->epoch() != others_epoch));
  }

  void after_failure(Tenant& tenant, Tenant& other, const ResetResult& result) {
    // What it tried may have changed things half way; a failed level destroys nothing unannounced.
    if (result.epoch_after != result.epoch_before) {
      tenant.kill_all();
      if (shared_) other.kill_all();
    } else {
      drop_if_stale(tenant);
    }
  }

  void drop_if_stale(Tenant& tenant) {
    std::vector<Buffer<std::uint32_t>> kept;
    for (auto& buffer : tenant.live) {
      std::vector<std::uint32_t> none;
      const auto probe = buffer.copy_to(none);
      (probe.has_value() ? kept : tenant.dead).push_back(std::move(buffer));
    }
    tenant.live = std::move(kept);
  }

  void after_success(const Step& step, Tenant& tenant, Tenant& other, const ResetResult& result) {
    const std::uint64_t gained = step.type >= ResetType::hard ? 1 : 0;
    MODEL_CLAIM(result.epoch_after == result.epoch_before + gained);
    switch (step.type) {
      case ResetType::soft:
        if (tenant.stuck) {
          MODEL_CLAIM(result.quarantined_bytes > 0u);
          kill_touched(tenant);
        }
        break;
      case ResetType::context:
        tenant.kill_all();
        break;
      case ResetType::hard:
        tenant.kill_all();
        if (shared_) other.kill_all();
        break;
      case ResetType::full:
        tenant.kill_all();
        other.kill_all();
        other.stuck = false;
        stuck_kernels_ = 0;
        break;
    }
    tenant.stuck = false;
    if (step.clear_pool && step.type == ResetType::context && !shared_) {
      MODEL_CLAIM(tenant.accelerator->memory().blocks_in_use == 0u);
    }
    if (step.type >= ResetType::hard) {
      MODEL_CLAIM(tenant.accelerator->memory().allocated_bytes == 0u);
    }
  }

  void kill_touched(Tenant& tenant) {
    std::vector<Buffer<std::uint32_t>> kept;
    for (std::size_t i = 0; i < tenant.live.size(); ++i) {
      const bool dead = std::ranges::find(tenant.touched, i) != tenant.touched.end();
      (dead ? tenant.dead : kept).push_back(std::move(tenant.live[i]));
    }
    tenant.live = std::move(kept);
    tenant.touched.clear();
    tenant.kernel.reset();
  }

  void check() {
    for (Tenant& tenant : tenants_) {
      const bool usable = !sick(tenant);
      std::vector<std::uint32_t> data(100);
      const CallOptions call = layer_.within(1s);
      for (const auto& buffer : tenant.dead) {
        const auto copied = buffer.copy_to(data, call);
        MODEL_CLAIM(!copied.has_value());
        if (usable) MODEL_CLAIM(copied.error().code == Errc::stale_handle);
      }
      if (!usable || tenant.stuck) continue;
      // This also lets their zeroing end, so that a forced reset finds nothing to abandon.
      for (const auto& buffer : tenant.live) MODEL_CLAIM(buffer.copy_to(data).has_value());
    }
  }

  Layer& layer_;
  bool shared_;
  Tenant tenants_[2];
  int stuck_kernels_ = 0;
};

class ResetModelTest : public LayerTest {
 protected:
  void check_steps(const std::vector<Step>& script, bool shared) {
    options.shared_context = shared;
    survives(run_world([&](Layer& layer) {
      ResetModel model{layer, shared};
      for (const Step& step : script) model.run(step);
      model.finish();
    }));
  }
};

RC_GTEST_FIXTURE_PROP(ResetModelTest, every_level_leaves_what_the_table_says, ()) {
  check_steps(*steps(), false);
}

RC_GTEST_FIXTURE_PROP(ResetModelTest, neighbours_in_one_context_are_told_what_they_lost, ()) {
  check_steps(*steps(), true);
}

}  // namespace
}  // namespace thresher::gpu
