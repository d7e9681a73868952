// Sums over runs, and the brief form of a run. All sums are of unsigned integers or of integer
// time, so that no order matters.
#include "thresher/cli/campaign/task.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::cli {

sim::RunKey key_of(const RunSettings& settings, const RunSpec& spec) {
  sim::RunKey key;
  key.scenario = settings.scenario;
  key.seed = spec.seed;
  key.profile = settings.profile;
  key.strategy = spec.strategy;
  key.knobs = settings.knobs;
  key.plan = settings.plan;
  return key;
}

std::string family(const sim::StrategySpec& strategy) {
  switch (strategy.kind) {
    case sim::StrategySpec::Kind::random: return "random";
    case sim::StrategySpec::Kind::pct: return "pct:d=" + std::to_string(strategy.depth);
  }
  THRESHER_UNREACHABLE();
}

void Totals::add(const sim::StrategySpec& strategy, const sim::RunResult& result) {
  const bool run_failed = result.verdict != sim::Verdict::survived;
  runs += 1;
  failed += run_failed ? 1 : 0;
  steps_sum += result.steps;
  steps_min = std::min(steps_min, result.steps);
  steps_max = std::max(steps_max, result.steps);
  at_step_bound += result.hit_step_bound ? 1 : 0;
  fibers_abandoned += result.fibers_abandoned;
  virtual_time += result.ended_at.time_since_epoch();
  for (const auto& [label, count] : result.reached) reached[label] += count > 0 ? 1 : 0;
  StrategyTotals& under = strategies[family(strategy)];
  under.runs += 1;
  under.failed += run_failed ? 1 : 0;
}

void Totals::add(const Totals& other) {
  runs += other.runs;
  failed += other.failed;
  steps_sum += other.steps_sum;
  steps_min = std::min(steps_min, other.steps_min);
  steps_max = std::max(steps_max, other.steps_max);
  at_step_bound += other.at_step_bound;
  fibers_abandoned += other.fibers_abandoned;
  virtual_time += other.virtual_time;
  for (const auto& [label, count] : other.reached) reached[label] += count;
  for (const auto& [name, more] : other.strategies) {
    StrategyTotals& under = strategies[name];
    under.runs += more.runs;
    under.failed += more.failed;
  }
  THRESHER_ASSERT(failed <= runs);
}

Outcome outcome_of(const RunSpec& spec, const sim::RunResult& result) {
  return Outcome{.spec = spec,
                 .verdict = result.verdict,
                 .label = result.label,
                 .steps = result.steps,
                 .trace_hash = result.trace_hash};
}

}  // namespace thresher::cli
