// All of a world's fault injection in one place: a plan, drawn from the tape and told to the
// report, at the driver, the devices, the worker processes, the accelerator layer and the storage.
//
// Order of use: make it, `arm` a plan, give `wrapper()` to the driver host and `attach` it, hand
// `layer()` to the layer, wrap storages, and `heal` when the heal phase begins. Not armed, it
// injects nothing and still folds driver calls into the trace hash. Outlives the driver host, the
// layer and the storages that it wraps.
#pragma once

#include "thresher/faults/injector.h"
#include "thresher/faults/layer_injector.h"
#include "thresher/faults/storage_faults.h"
#include "thresher/sim/device/hashing_driver.h"
#include "thresher/sim/device/simulated_driver_host.h"
#include "thresher/sim/device/simulated_saboteur.h"
#include "thresher/sim/world.h"

#include <memory>
#include <optional>
#include <string>

namespace thresher::sim {

/// Draws from the world's choices; lanes are those of the names given.
class ChoiceDraw final : public faults::Draw {
 public:
  explicit ChoiceDraw(Choices& choices) noexcept : choices_{choices} {}
  bool chance(std::string_view lane, faults::Ratio ratio, const runtime::Site& site) override {
    return choices_.chance(choices_.lane(lane), Ratio{.num = ratio.num, .den = ratio.den}, site);
  }
  std::uint64_t below(std::string_view lane, std::uint64_t n, const runtime::Site& site) override {
    return choices_.choose(choices_.lane(lane), n, site);
  }

 private:
  Choices& choices_;
};

class WorldFaults final : private faults::FaultLog {
 public:
  /// Both outlive it. The machine's devices may be added later, but before `arm`.
  WorldFaults(World& world, SimulatedMachine& machine);
  ~WorldFaults() override;
  WorldFaults(const WorldFaults&) = delete;
  WorldFaults& operator=(const WorldFaults&) = delete;

  /// What is wrong with a plan's text where no run has more than `devices_max` devices, without a
  /// world: one line, or empty.
  static std::string problem(std::string_view json, std::uint32_t devices_max);

  /// Injects `plan` within `budget` from now on, starting with the rules of the start. Once.
  /// Errors: the plan asks for what this world cannot do.
  runtime::Expected<void, faults::PlanError> arm(faults::Plan plan, faults::Budget budget);

  /// Wrappers for each new driver process: hashing around faults around the driver.
  DriverWrapper wrapper();
  /// Workers of `host` can die from now on; null again before it goes.
  void attach(SimulatedDriverHost* host) noexcept { processes_.attach(host); }
  gpu::LayerFaults& layer() noexcept;
  /// A storage that fails by the plan; `inner` outlives it.
  std::unique_ptr<runtime::GrainStorage> wrap(runtime::GrainStorage& inner);

  /// Nothing strikes from now on, what was injected ends, devices are as new.
  void heal();
  ChoiceDraw& draw() noexcept { return draw_; }
  std::uint64_t strikes() const { return injector_ ? injector_->strikes() : 0; }

 private:
  class LayerRelay;

  faults::InjectorParts parts();
  void injected(std::size_t rule_index, const faults::Rule& rule) override;

  World& world_;
  SimulatedMachine& machine_;
  ChoiceDraw draw_;
  HashingTap tap_;
  SimulatedDeviceSaboteur devices_;
  SimulatedProcessSaboteur processes_;
  /// Refers to the injector once there is one, so that `layer()` may be handed out before.
  std::unique_ptr<LayerRelay> layer_;
  std::unique_ptr<faults::Injector> injector_;
};

}  // namespace thresher::sim
