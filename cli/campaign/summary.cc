// What a campaign found, judged. Rows are in the order of legs and labels, never in that in which
// results came.
#include "thresher/cli/campaign/summary.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>
#include <set>

namespace thresher::cli {

namespace {

constexpr std::uint64_t declared_default = 2000;

/// The graver comes first (design, section 7).
constexpr std::array<sim::Verdict, 6> gravity{
    sim::Verdict::harness, sim::Verdict::nondeterminism, sim::Verdict::crash,
    sim::Verdict::safety,  sim::Verdict::liveness,       sim::Verdict::not_reached};

std::size_t rank(sim::Verdict verdict) {
  return static_cast<std::size_t>(std::find(gravity.begin(), gravity.end(), verdict) -
                                  gravity.begin());
}

std::uint64_t declared_runs(const scenarios::ScenarioInfo& info, const std::string& label) {
  for (const scenarios::Expectation& expected : info.expectations) {
    if (expected.label == label) return expected.runs;
  }
  return declared_default;
}

void add_sometimes(Summary& summary, const Leg& leg, const scenarios::ScenarioInfo& info) {
  std::map<std::string, std::uint64_t> reached = leg.totals().reached;
  for (const scenarios::Expectation& expected : info.expectations) {
    reached.try_emplace(std::string{expected.label}, 0);
  }
  // A negative scenario ends early by design, and under --only much is not judged at all.
  const bool judged = !info.negative() && leg.plan().settings.only.empty();
  for (const auto& [label, held] : reached) {
    SometimesRow row{std::string{info.name}, label, held, leg.done(), declared_runs(info, label),
                     Judged::not_judged};
    if (held > 0) row.status = Judged::happened;
    else if (judged && row.runs >= row.declared) row.status = Judged::missed;
    summary.sometimes.push_back(std::move(row));
  }
}

void add_failure(Summary& summary, const Leg& leg, const Group& group) {
  // Several hunts of one scenario may meet the same crash: the first that met it tells it.
  for (FailureRow& known : summary.failures) {
    if (known.report.settings.scenario != leg.plan().settings.scenario) continue;
    if (known.group.fastest.label != group.fastest.label) continue;
    known.group.count += group.count;
    known.runs += leg.done();
    return;
  }
  FailureRow row;
  row.group = group;
  row.runs = leg.done();
  row.report.settings = leg.plan().settings;
  row.report.spec = group.fastest.spec;
  sim::RunResult& result = row.report.result;
  result.verdict = group.verdict;
  result.label = group.fastest.label;
  result.steps = result.failed_step = group.fastest.steps;
  result.trace_hash = group.fastest.trace_hash;
  summary.failures.push_back(std::move(row));
}

void add_explored(Summary& summary, const Leg& leg, const scenarios::ScenarioInfo& info) {
  summary.scenarios.push_back(
      {leg.plan().settings.scenario, leg.totals(), leg.plan().seeds, leg.gave_up()});
  for (const auto& [name, more] : leg.totals().strategies) {
    summary.strategies[name].runs += more.runs;
    summary.strategies[name].failed += more.failed;
  }
  add_sometimes(summary, leg, info);
  for (const auto& [label, group] : leg.groups()) add_failure(summary, leg, group);
}

HuntRow& hunt_row(Summary& summary, const Leg& leg, const std::string& label) {
  const std::string& scenario = leg.plan().settings.scenario;
  const auto found =
      std::find_if(summary.hunts.begin(), summary.hunts.end(), [&](const HuntRow& row) {
        return row.settings.scenario == scenario && row.label == label;
      });
  if (found != summary.hunts.end()) return *found;
  summary.hunts.push_back({});
  summary.hunts.back().label = label;
  return summary.hunts.back();
}

void add_hunted(Summary& summary, const Leg& leg) {
  const LegPlan& plan = leg.plan();
  for (const std::string& label : plan.wanted) {
    HuntRow& row = hunt_row(summary, leg, label);
    if (row.found) continue;
    row.settings = plan.settings;
    row.canary = plan.purpose == Purpose::canary;
    row.cut_short = leg.cut_short();
    row.seeds += leg.seeds_until(label).value_or(leg.done());
    const auto group = leg.groups().find(label);
    if (group == leg.groups().end()) continue;
    row.found = true;
    row.fastest = group->second.fastest;
  }
}

/// What a hunt met and was not looking for: crashes are failures, the rest is worth a note.
void add_unlisted(Summary& summary, const Leg& leg, const scenarios::ScenarioInfo& info) {
  for (const auto& [label, group] : leg.groups()) {
    const bool listed = std::any_of(info.defects.begin(), info.defects.end(),
                                    [&](const auto& defect) { return defect.label == label; });
    if (listed) continue;
    if (group.verdict == sim::Verdict::crash) {
      add_failure(summary, leg, group);
      continue;
    }
    const std::string note = leg.plan().settings.scenario + ": " + label;
    if (std::find(summary.unlisted.begin(), summary.unlisted.end(), note) ==
        summary.unlisted.end()) {
      summary.unlisted.push_back(note);
    }
  }
}

const Leg& leg_named(const Conductor& conductor, const std::string& name) {
  const auto leg = std::find_if(conductor.legs().begin(), conductor.legs().end(),
                                [&](const Leg& each) { return each.plan().name() == name; });
  THRESHER_ASSERT(leg != conductor.legs().end());
  return *leg;
}

}  // namespace

std::uint64_t Summary::runs() const {
  std::uint64_t sum = 0;
  for (const ScenarioRow& row : scenarios) sum += row.totals.runs;
  return sum;
}

runtime::Duration Summary::virtual_time() const {
  runtime::Duration sum{};
  for (const ScenarioRow& row : scenarios) sum += row.totals.virtual_time;
  return sum;
}

Summary summarise(const CampaignConfig& config, const Conductor& conductor, Scenarios scenarios) {
  Summary summary;
  summary.config = config;
  for (const Leg& leg : conductor.legs()) {
    const auto* const scenario = find(scenarios, leg.plan().settings.scenario);
    THRESHER_ASSERT(scenario != nullptr);
    if (leg.plan().purpose == Purpose::explore) {
      add_explored(summary, leg, scenario->info());
    } else {
      add_hunted(summary, leg);
      add_unlisted(summary, leg, scenario->info());
    }
  }
  summary.twins_compared = conductor.twins_compared();
  for (const Twinned& each : conductor.differing()) {
    summary.differing.push_back(
        {leg_named(conductor, each.leg).plan().settings, each.first, each.second, ""});
  }
  summary.killed = conductor.killed();
  // The order of facts depends on the number of jobs; that of a report must not.
  std::sort(summary.differing.begin(), summary.differing.end(), [](const auto& a, const auto& b) {
    return std::tie(a.settings.scenario, a.first.spec.seed) <
           std::tie(b.settings.scenario, b.first.spec.seed);
  });
  std::stable_sort(summary.failures.begin(), summary.failures.end(),
                   [](const FailureRow& a, const FailureRow& b) {
                     return rank(a.group.verdict) > rank(b.group.verdict);
                   });
  judge(summary);
  return summary;
}

void judge(Summary& summary) {
  std::set<std::size_t> ranks;
  if (!summary.killed.empty() || !summary.troubles.empty()) {
    ranks.insert(rank(sim::Verdict::harness));
  }
  if (!summary.differing.empty()) ranks.insert(rank(sim::Verdict::nondeterminism));
  for (const FailureRow& row : summary.failures) ranks.insert(rank(row.group.verdict));
  for (const SometimesRow& row : summary.sometimes) {
    if (row.status == Judged::missed) ranks.insert(rank(sim::Verdict::not_reached));
  }
  for (const HuntRow& row : summary.hunts) {
    if (!row.found) ranks.insert(rank(sim::Verdict::not_reached));
  }
  summary.verdict = ranks.empty() ? sim::Verdict::survived : gravity.at(*ranks.begin());
}

}  // namespace thresher::cli
