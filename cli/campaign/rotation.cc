// Which strategy a seed is run with. The portfolio is written out here; a new strategy joins it at
// the end of the list.
#include "thresher/cli/campaign/rotation.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <algorithm>
#include <array>

namespace thresher::cli {

namespace {

/// Depth of the portfolio's members; 0 is the random strategy.
constexpr std::array<std::uint32_t, 5> depths{0, 1, 2, 3, 5};
constexpr std::uint64_t measuring_runs = 8;
/// What is assumed where measuring died.
constexpr std::uint64_t length_unknown = 1000;

}  // namespace

sim::StrategySpec strategy_for(std::uint64_t seed,
                               const std::optional<sim::StrategySpec>& fixed,
                               std::uint64_t length) {
  THRESHER_ASSERT(length >= 1);
  sim::StrategySpec strategy;
  if (fixed) {
    strategy = *fixed;
  } else if (const std::uint32_t depth = depths[seed % depths.size()]; depth > 0) {
    strategy.kind = sim::StrategySpec::Kind::pct;
    strategy.depth = depth;
  }
  if (strategy.kind == sim::StrategySpec::Kind::pct && strategy.length == 0) {
    strategy.length = length;
  }
  return strategy;
}

Task measuring_task(const RunSettings& settings, std::uint64_t epoch) {
  Task task;
  task.settings = settings;
  const std::uint64_t base = runtime::combine(runtime::hash_name(settings.scenario), epoch);
  for (std::uint64_t i = 0; i < measuring_runs; ++i) {
    task.runs.push_back({.seed = runtime::combine(base, i), .strategy = {}});
  }
  return task;
}

std::uint64_t measured_length(const Totals& totals) {
  return totals.runs == 0 ? length_unknown : std::max<std::uint64_t>(1, totals.steps_max);
}

}  // namespace thresher::cli
