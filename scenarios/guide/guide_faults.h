// The faults of one guide run: the plan of its key, or one drawn from the seed.
//
// Fault model: device memory runs out, kernels fail, get stuck or come late, contexts and whole
// driver processes are lost, devices fall off the bus, resets and canaries fail in every way that
// does not lie, the wall clock jumps. What the patterns do not claim to detect is never drawn:
// silent corruption, false successes. All of it ends at heal, when lost devices are replaced;
// recovery is owed from there on.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/sim/device/simulated_driver_host.h"
#include "thresher/sim/device/simulated_machine.h"
#include "thresher/sim/device/world_faults.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <string>

namespace thresher::scenarios::guide {

class GuideFaults {
 public:
  /// The words of what is wrong with the key's plan; empty when it fits.
  static std::string problem(const sim::RunKey& key);

  /// The machine has its devices.
  GuideFaults(sim::World& world, const sim::RunKey& key, sim::SimulatedMachine& machine);

  /// Options of a host whose drivers pass through the plan and the trace hash.
  sim::DriverHostOptions host_options(sim::DriverWatch& watch);
  gpu::LayerFaults& layer() noexcept { return faults_.layer(); }
  /// Arms the plan and starts what happens by time.
  void begin(sim::SimulatedDriverHost& host);
  /// Ends all faults, repairs devices, and gives quarantined ones back to `factory`.
  void heal(gpu::AcceleratorFactory* factory);
  /// Before the host goes.
  void detach() noexcept { faults_.attach(nullptr); }
  std::uint64_t injected() const { return faults_.strikes(); }

 private:
  faults::Plan drawn_plan();
  void jump_clock();
  void replace_devices(gpu::AcceleratorFactory& factory);

  sim::World& world_;
  const sim::RunKey& key_;
  sim::SimulatedMachine& machine_;
  sim::WorldFaults faults_;
  bool healed_ = false;
};

}  // namespace thresher::scenarios::guide
