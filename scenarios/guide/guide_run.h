// One run of a guide scenario, from the drawn configuration to the last check.
//
// Chaos: clients call grains while the plan's faults happen. Heal: faults stop. Progress: every
// grain must compute again within a bound, or the verdict says which does not and why; then all
// grains are deactivated, the silo stops, and nothing may be left over. Runs on the world's first
// fiber.
#pragma once

#include "thresher/scenarios/guide/composition.h"
#include "thresher/scenarios/guide/patterns.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thresher::scenarios::guide {

class GuideRun {
 public:
  GuideRun(sim::World& world, const sim::RunKey& key, Pattern pattern, bool published);

  /// The body of the world's first fiber.
  void run();

 private:
  std::vector<std::string> grain_keys() const;
  /// `retire_between`: deactivate all grains after each probe; null to leave them.
  void progress(Workload& workload, Composition* retire_between);
  bool may_stay_out(const std::string& grain, const runtime::Error& error) const;
  void retire_all(Composition& composition);

  sim::World& world_;
  const sim::RunKey& key_;
  Pattern pattern_;
  bool published_;
  Configuration configuration_;
  std::vector<std::string> grains_;
  /// Made on the first fiber; goes when the world has ended, since fibers that are unwound then
  /// still use devices and drivers.
  std::optional<Composition> composition_;
};

}  // namespace thresher::scenarios::guide
