// The list of every scenario: written out by hand, in order of name, so that what a program links
// never decides what it runs. A new scenario adds its factory here and nowhere else.
#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/canary/lost_update.h"
#include "thresher/scenarios/guide/guide_scenario.h"
#include "thresher/scenarios/scenario.h"

#include <algorithm>
#include <array>

namespace thresher::scenarios {

namespace {

using guide::GuideScenario;
using guide::Pattern;

/// Constant after its first use, so that no order of initialisation matters.
const auto& registered() {
  static const GuideScenario breaker{Pattern::breaker, false};
  static const GuideScenario breaker_published{Pattern::breaker, true};
  static const GuideScenario hybrid{Pattern::hybrid, false};
  static const GuideScenario hybrid_published{Pattern::hybrid, true};
  static const GuideScenario isolated{Pattern::isolated, false};
  static const GuideScenario isolated_published{Pattern::isolated, true};
  static const GuideScenario pooled{Pattern::pooled, false};
  static const GuideScenario pooled_published{Pattern::pooled, true};
  static const GuideScenario retry{Pattern::retry, false};
  static const GuideScenario retry_published{Pattern::retry, true};
  static const std::array<const Scenario*, 11> scenarios{
      &canary::lost_update(), &breaker, &breaker_published, &hybrid, &hybrid_published,
      &isolated, &isolated_published, &pooled, &pooled_published, &retry, &retry_published,
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
