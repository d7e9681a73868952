// Faults of the guide scenarios.
//
// One fiber in the background makes what happens by time; what happens at calls is the plan's.
#include "thresher/scenarios/guide/guide_faults.h"

namespace thresher::scenarios::guide {

std::string GuideFaults::problem(const sim::RunKey&) { return {}; }

GuideFaults::GuideFaults(sim::World& world, const sim::RunKey&, sim::SimulatedMachine& machine,
                         bool)
    : world_{world}, machine_{machine} {}

sim::DriverHostOptions GuideFaults::host_options(sim::DriverWatch& watch) {
  sim::DriverHostOptions options;
  options.driver.watch = &watch;
  return options;
}

void GuideFaults::begin(sim::SimulatedDriverHost&) {}

void GuideFaults::heal(gpu::AcceleratorFactory*) {}

}  // namespace thresher::scenarios::guide
