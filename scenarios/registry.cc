// The list of every scenario: written out by hand, in order of name, so that what a program links
// never decides what it runs. A new scenario adds its factory here and nowhere else.
#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/canary/lost_update.h"
#include "thresher/scenarios/scenario.h"

#include <algorithm>
#include <array>

namespace thresher::scenarios {

namespace {

/// Constant after its first use, so that no order of initialisation matters.
const auto& registered() {
  static const std::array<const Scenario*, 1> scenarios{
      &canary::lost_update(),
  };
  return scenarios;
}

}  // namespace

std::span<const Scenario* const> all_scenarios() {
  const auto& scenarios = registered();
  THRESHER_ASSERT(std::is_sorted(
      scenarios.begin(), scenarios.end(),
      [](const Scenario* a, const Scenario* b) { return a->info().name < b->info().name; }));
  return scenarios;
}

const Scenario* find_scenario(std::string_view name) {
  const auto scenarios = all_scenarios();
  const auto found = std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario* each) {
    return each->info().name == name;
  });
  return found == scenarios.end() ? nullptr : *found;
}

}  // namespace thresher::scenarios
