// A campaign's summary as JSON; docs/output-format.md describes it. Names of fields are a
// contract: what is taken away gets a new format number.
#include "thresher/cli/campaign/summary.h"
#include "thresher/cli/text.h"
#include "thresher/runtime/base/assert.h"

#include <nlohmann/json.hpp>

namespace thresher::cli {

using Ordered = nlohmann::ordered_json;

namespace {

std::string_view word(Judged status) {
  switch (status) {
    case Judged::happened: return "happened";
    case Judged::missed: return "missed";
    case Judged::not_judged: return "not judged";
  }
  THRESHER_UNREACHABLE();
}

Ordered scenario_json(const ScenarioRow& row) {
  const Totals& all = row.totals;
  return {{"scenario", row.scenario},
          {"runs", all.runs},
          {"planned", row.planned},
          {"failed", all.failed},
          {"steps", {{"min", all.runs == 0 ? 0 : all.steps_min},
                     {"sum", all.steps_sum},
                     {"max", all.steps_max}}},
          {"at_step_bound", all.at_step_bound},
          {"fibers_abandoned", all.fibers_abandoned},
          {"virtual_time_ns", all.virtual_time.count()},
          {"given_up", row.gave_up}};
}

Ordered sometimes_json(const SometimesRow& row) {
  return {{"scenario", row.scenario}, {"label", row.label},       {"held", row.held},
          {"runs", row.runs},         {"declared", row.declared}, {"status", word(row.status)}};
}

Ordered hunt_json(const HuntRow& row) {
  Ordered json{{"scenario", row.settings.scenario}, {"label", row.label},
               {"canary", row.canary},              {"found", row.found},
               {"cut_short", row.cut_short},        {"seeds", row.seeds}};
  if (row.found) {
    json["seed"] = hex64(row.fastest.spec.seed);
    json["trace_hash"] = hex64(row.fastest.trace_hash);
    json["reproduce"] = reproducing_command(row.settings, row.fastest.spec, "");
  }
  return json;
}

Ordered failure_json(const FailureRow& row) {
  return {{"scenario", row.report.settings.scenario},
          {"label", row.group.fastest.label},
          {"verdict", sim::name(row.group.verdict)},
          {"count", row.group.count},
          {"runs", row.runs},
          {"first_index", row.group.first_index},
          {"folder", row.folder},
          {"fastest", json_of(row.report)}};
}

Ordered outcome_json(const Outcome& outcome) {
  return {{"verdict", sim::name(outcome.verdict)},
          {"label", outcome.label},
          {"steps", outcome.steps},
          {"trace_hash", hex64(outcome.trace_hash)}};
}

Ordered difference_json(const DifferenceRow& row) {
  return {{"scenario", row.settings.scenario},
          {"seed", hex64(row.first.spec.seed)},
          {"first", outcome_json(row.first)},
          {"second", outcome_json(row.second)},
          {"story", row.story},
          {"reproduce", reproducing_command(row.settings, row.first.spec, "")}};
}

template <typename Rows, typename Make>
Ordered array_of(const Rows& rows, Make make) {
  Ordered array = Ordered::array();
  for (const auto& row : rows) array.push_back(make(row));
  return array;
}

Ordered strategies_json(const std::map<std::string, StrategyTotals>& strategies) {
  Ordered json = Ordered::object();
  for (const auto& [name, row] : strategies) {
    json[name] = {{"runs", row.runs}, {"failed", row.failed}};
  }
  return json;
}

Ordered wall_json(const WallFacts& wall) {
  return {{"elapsed_ms", wall.elapsed.count()},
          {"jobs", wall.jobs},
          {"stopped_by", wall.stopped_by}};
}

}  // namespace

Ordered json_of(const Summary& summary, const WallFacts& wall) {
  return {{"format", "thresher.campaign.1"},
          {"verdict", sim::name(summary.verdict)},
          {"exit_code", static_cast<int>(summary.verdict)},
          {"commit", summary.config.commit},
          {"first_seed", hex64(summary.config.first_seed)},
          {"seed_origin", summary.config.seed_origin},
          {"seeds", summary.config.seeds},
          {"runs", summary.runs()},
          {"scenarios", array_of(summary.scenarios, scenario_json)},
          {"strategies", strategies_json(summary.strategies)},
          {"sometimes", array_of(summary.sometimes, sometimes_json)},
          {"hunts", array_of(summary.hunts, hunt_json)},
          {"unlisted", summary.unlisted},
          {"twins", {{"compared", summary.twins_compared},
                     {"differing", array_of(summary.differing, difference_json)}}},
          {"killed_workers", summary.killed.size()},
          {"troubles", summary.troubles},
          {"failures", array_of(summary.failures, failure_json)},
          {"wall", wall_json(wall)}};
}

}  // namespace thresher::cli
