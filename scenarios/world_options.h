// From a run's key and options to the options of its world: what every scenario does alike. It
// sets what key and options decide and nothing else; scenarios may change the rest.
#pragma once

#include "thresher/scenarios/scenario.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/world.h"

namespace thresher::scenarios {

/// The options of the world in which `key` is run as `options` say; what they leave open keeps its
/// default and may be changed by the scenario. The tape and trace are borrowed.
inline sim::WorldOptions world_options(const sim::RunKey& key, const RunOptions& options) {
  sim::WorldOptions world;
  world.seed = key.seed;
  world.strategy = key.strategy;
  world.record = options.record;
  world.replay = options.replay;
  world.replay_mode = options.replay_mode;
  world.trace = options.trace;
  world.only = options.only;
  world.break_at_step = options.break_at_step;
  return world;
}

}  // namespace thresher::scenarios
