// One campaign being run. The loop gives out, takes in, and tells; what is learned lives in the
// conductor.
#include "thresher/cli/campaign/campaign_run.h"

#include "thresher/cli/campaign/difference.h"
#include "thresher/cli/campaign/stack_text.h"
#include "thresher/runtime/base/assert.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace thresher::cli {

namespace {

constexpr std::chrono::milliseconds patience{200};
constexpr std::chrono::milliseconds sync_every{2000};

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::chrono::milliseconds in_milliseconds(std::chrono::nanoseconds span) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(span);
}

}  // namespace

CampaignRun::CampaignRun(CampaignConfig config, CampaignMeans means, OutFolder folder,
                         Journal journal)
    : config_{std::move(config)},
      means_{std::move(means)},
      folder_{std::move(folder)},
      journal_{std::move(journal)},
      conductor_{plan_campaign(config_, means_.recipe.scenarios),
                 [this](const Fact& fact) { journal_.write(fact); }},
      crew_{means_.recipe, means_.limits} {}

std::chrono::milliseconds CampaignRun::elapsed() const {
  return in_milliseconds(Clock::now() - started_);
}

bool CampaignRun::learn(const std::vector<Fact>& facts) {
  for (const Fact& fact : facts) {
    if (!conductor_.learn(fact)) return false;
  }
  runs_learned_ = conductor_.progress().first;
  return true;
}

Parsed<void> CampaignRun::give_out() {
  while (crew_.has_room()) {
    const auto assignment = conductor_.next();
    if (!assignment) break;
    given_at_[assignment->ticket] = Clock::now();
    THRESHER_TRY_VOID(crew_.give(assignment->ticket, assignment->kind, assignment->task));
  }
  THRESHER_ASSERT(crew_.busy() > 0 || conductor_.finished());
  return {};
}

Parsed<void> CampaignRun::take_in() {
  for (const Done& done : crew_.wait(patience)) {
    const auto given = given_at_.extract(done.ticket);
    THRESHER_TRY_VOID(conductor_.done(done, in_milliseconds(Clock::now() - given.mapped())));
  }
  if (Clock::now() - synced_ > sync_every) {
    synced_ = Clock::now();
    journal_.sync();
  }
  if (!journal_.trouble().empty()) return broken(journal_.trouble());
  return {};
}

void CampaignRun::tell() {
  ProgressFacts facts;
  const auto [done, planned] = conductor_.progress();
  facts.done = done;
  facts.planned = planned;
  facts.runs = done - runs_learned_;
  for (const Leg& leg : conductor_.legs()) {
    facts.simulated += in_milliseconds(leg.totals().virtual_time);
    if (leg.plan().purpose == Purpose::explore) facts.failures += leg.totals().failed;
  }
  facts.elapsed = elapsed();
  facts.budget = means_.time_budget;
  means_.progress.show(facts);
}

Parsed<void> CampaignRun::run() {
  while (!conductor_.finished() && !interrupted()) {
    if (means_.time_budget.count() > 0 && elapsed() > means_.time_budget && !out_of_time_) {
      out_of_time_ = conductor_.progress().first < conductor_.progress().second;
      conductor_.stop_exploring();
    }
    THRESHER_TRY_VOID(give_out());
    THRESHER_TRY_VOID(take_in());
    tell();
  }
  means_.progress.clear();
  if (interrupted()) crew_.dismiss();
  journal_.sync();
  if (!journal_.trouble().empty()) return broken(journal_.trouble());
  return {};
}

Parsed<Done> CampaignRun::alone(const RunSettings& settings, const RunSpec& spec, Detail detail,
                                WorkerKind kind) const {
  Task task;
  task.settings = settings;
  task.runs = {spec};
  task.detail = std::move(detail);
  CrewLimits limits = means_.limits;
  limits.jobs = 1;
  return do_alone(means_.recipe, limits, task, kind);
}

Parsed<Outcome> CampaignRun::detail(FailureRow& row) {
  THRESHER_TRY(folder, folder_.failure_folder(row.report.settings, row.group.fastest.label,
                                              row.report.spec.seed));
  Detail wanted;
  wanted.tape_out = folder + "/tape";
  THRESHER_TRY(done, alone(row.report.settings, row.report.spec, std::move(wanted),
                           WorkerKind::explorer));
  if (done.answer && !done.answer->problem.empty()) return broken(done.answer->problem);
  sim::RunResult again = done.answer ? *done.answer->detail : result_of(*done.death);
  row.folder = folder;
  if (const Outcome brief = outcome_of(row.report.spec, again);
      !brief.same_run(row.group.fastest)) {
    row.report.result.message = "it went otherwise when it was run again for this report";
    return brief;
  }
  again.message = with_names(again.message);
  row.report.result = std::move(again);
  THRESHER_TRY_VOID(OutFolder::write(folder + "/report.txt", text_of(row.report)));
  THRESHER_TRY_VOID(OutFolder::write(folder + "/run.json", dumped(json_of(row.report))));
  return row.group.fastest;
}

Parsed<void> CampaignRun::compare(DifferenceRow& row) {
  THRESHER_TRY(folder,
               folder_.failure_folder(row.settings, "nondeterminism", row.first.spec.seed));
  Detail first;
  first.trace_out = folder + "/first.jsonl";
  Detail second;
  second.trace_out = folder + "/second.jsonl";
  // A run that dies leaves no trace; then the other one is told as the longer.
  THRESHER_TRY_VOID(alone(row.settings, row.first.spec, first, WorkerKind::explorer));
  THRESHER_TRY_VOID(alone(row.settings, row.first.spec, second, WorkerKind::twin));
  row.story = text_of(first_difference(first.trace_out, second.trace_out)) + "  kept in   " +
              folder + "\n";
  return OutFolder::write(folder + "/report.txt", row.story);
}

void CampaignRun::report_failures(Summary& summary) {
  for (FailureRow& row : summary.failures) {
    if (interrupted() || row.group.fastest.label == "hang") continue;
    const auto again = detail(row);
    if (!again) {
      summary.troubles.push_back(again.error().text);
      return;
    }
    if (again->same_run(row.group.fastest)) continue;
    summary.differing.push_back({row.report.settings, row.group.fastest, *again, ""});
  }
}

void CampaignRun::report_differences(Summary& summary) {
  const std::size_t looked_into = std::min<std::size_t>(summary.differing.size(), 3);
  for (std::size_t i = 0; i < looked_into && !interrupted(); ++i) {
    if (const auto told = compare(summary.differing[i]); !told) {
      summary.troubles.push_back(told.error().text);
      return;
    }
  }
}

void CampaignRun::report(Summary& summary) {
  report_failures(summary);
  report_differences(summary);
  judge(summary);
  const auto text = OutFolder::write(folder_.path() + "/summary.txt", text_of(summary, wall()));
  const auto json =
      OutFolder::write(folder_.path() + "/summary.json", dumped(json_of(summary, wall())));
  if (text && json) return;
  summary.troubles.push_back((text ? json : text).error().text);
  judge(summary);
}

Summary CampaignRun::summary() const {
  return summarise(config_, conductor_, means_.recipe.scenarios);
}

WallFacts CampaignRun::wall() const {
  WallFacts facts{elapsed(), means_.limits.jobs, ""};
  if (interrupted()) facts.stopped_by = "interrupted";
  else if (out_of_time_) facts.stopped_by = "time budget";
  return facts;
}

}  // namespace thresher::cli
