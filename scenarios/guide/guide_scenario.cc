// From a key to a verdict: checks the key, makes the world, runs the phases.
//
// Published patterns run on one worker, as their pool's semaphore is translated for one; hardened
// ones on two, so that what crosses workers is explored.
#include "thresher/scenarios/guide/guide_scenario.h"

#include "thresher/scenarios/guide/composition.h"
#include "thresher/scenarios/guide/draws.h"
#include "thresher/scenarios/guide/guide_run.h"
#include "thresher/scenarios/world_options.h"

namespace thresher::scenarios::guide {

runtime::Result<sim::RunResult> GuideScenario::run(sim::Engine& engine, const sim::RunKey& key,
                                                   const RunOptions& options,
                                                   std::string& problem) const {
  problem = Draws::problem(key);
  if (problem.empty()) problem = Composition::problem(key);
  if (!problem.empty()) return runtime::fail(runtime::Errc::configuration);
  sim::WorldOptions world_options = scenarios::world_options(key, options);
  world_options.workers = published_ ? 1 : 2;
  sim::World world{engine, world_options};
  Composition::register_programs(world);
  GuideRun guide_run{world, key, pattern_, published_};
  return world.run([&guide_run] { guide_run.run(); });
}

}  // namespace thresher::scenarios::guide
