// The command `campaign`.
// Every option is judged before anything on disk is touched.
#include "thresher/cli/campaign_command.h"

#include "thresher/cli/campaign/campaign_run.h"
#include "thresher/cli/key_arguments.h"
#include "thresher/cli/numbers.h"
#include "thresher/cli/text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <thread>

namespace thresher::cli {

namespace {

constexpr std::chrono::milliseconds budget_default{45'000};
constexpr std::uint64_t jobs_max = 1024;

Parsed<std::uint32_t> jobs_of(const CampaignArguments& arguments) {
  if (arguments.jobs.empty()) return std::max(1u, std::thread::hardware_concurrency());
  THRESHER_TRY(jobs, parse_count("--jobs", arguments.jobs, 1, jobs_max));
  return static_cast<std::uint32_t>(jobs);
}

/// Without seeds and without a budget a campaign is what a newcomer types: it must end soon. Who
/// resumes one wants its end.
Parsed<std::chrono::milliseconds> budget_of(const CampaignArguments& arguments) {
  if (!arguments.time_budget.empty()) return parse_span("--time-budget", arguments.time_budget);
  const bool newcomer = arguments.seeds.empty() && !arguments.resume;
  return newcomer ? budget_default : std::chrono::milliseconds{};
}

/// Whether the options on the command line decide anything that the journal has already decided.
bool decides_results(const CampaignConfig& config, Scenarios scenarios) {
  const auto plain = config_of(CampaignArguments{}, scenarios);
  return to_json(config) != to_json(*plain);
}

Parsed<JournalContents> resumed(const CampaignConfig& config, const OutFolder& folder,
                                Scenarios scenarios) {
  THRESHER_TRY(contents, Journal::read(folder.journal()));
  const std::string place = "--resume: the campaign in " + shell_word(folder.path());
  if (contents.config.commit != config.commit) {
    return misuse(place + " was made by commit " + contents.config.commit + ", this is " +
                  config.commit + "; start anew without --resume");
  }
  if (decides_results(config, scenarios) && to_json(config) != to_json(contents.config)) {
    return misuse(place + " was asked for something else; give its options again, or none");
  }
  for (const std::string& name : contents.config.scenarios) {
    THRESHER_TRY_VOID(known_scenario(scenarios, name));
  }
  return contents;
}

/// Has each scenario try what was set by hand, once, so that what it refuses is refused before the
/// folder of an earlier campaign is touched. What a run meets otherwise is the campaign's to tell.
Parsed<void> try_settings(const CampaignConfig& config, const WorkerRecipe& recipe,
                          CrewLimits limits) {
  const RunSettings& settings = config.settings;
  const bool set_by_hand = !settings.knobs.empty() || !settings.plan.empty() ||
                           settings.profile != RunSettings{}.profile;
  if (!set_by_hand) return {};
  limits.jobs = 1;
  for (const LegPlan& leg : plan_campaign(config, recipe.scenarios).legs) {
    if (leg.purpose == Purpose::canary) continue;
    Task task;
    task.settings = leg.settings;
    task.runs = {RunSpec{leg.first_seed, {}}};
    THRESHER_TRY(done, do_alone(recipe, limits, task));
    if (done.answer && !done.answer->problem.empty()) {
      return runtime::Unexpected{Problem{done.answer->problem, done.answer->problem_code}};
    }
  }
  return {};
}

int tell(const CampaignRun& run, const Summary& summary, Format format,
         const Surroundings& around) {
  if (format == Format::json) {
    around.out << json_of(summary, run.wall())
                      .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
               << '\n';
  } else {
    around.out << text_of(summary, run.wall());
  }
  if (!run.interrupted()) return static_cast<int>(summary.verdict);
  around.err << "thresher: interrupted; go on with ./thresher campaign --resume --out "
             << shell_word(run.folder()) << '\n';
  return exit_interrupted;
}

Parsed<int> run_to_the_end(CampaignRun& run, Format format, const Surroundings& around) {
  if (const auto ran = run.run(); !ran) {
    // A refused task is a wrong use, and there is nothing to tell; else what there is, is told.
    if (ran.error().exit_code == exit_usage) return runtime::Unexpected{ran.error()};
    Summary summary = run.summary();
    summary.troubles.push_back(ran.error().text);
    judge(summary);
    tell(run, summary, format, around);
    return runtime::Unexpected{ran.error()};
  }
  Summary summary = run.summary();
  run.report(summary);
  return tell(run, summary, format, around);
}

}  // namespace

Parsed<int> do_campaign(const CampaignArguments& arguments, const Surroundings& surroundings) {
  THRESHER_TRY(config, config_of(arguments, surroundings.scenarios));
  THRESHER_TRY(jobs, jobs_of(arguments));
  THRESHER_TRY(limits, limits_of(jobs, arguments.run_timeout, arguments.memory));
  THRESHER_TRY(budget, budget_of(arguments));
  const WorkerRecipe recipe{surroundings.scenarios, {limits.memory_bytes},
                            surroundings.program_file};
  THRESHER_TRY_VOID(try_settings(config, recipe, limits));
  THRESHER_TRY(folder, OutFolder::open(arguments.out));

  std::vector<Fact> facts;
  std::uint64_t keep_bytes = 0;
  if (arguments.resume) {
    THRESHER_TRY(contents, resumed(config, folder, surroundings.scenarios));
    config = contents.config;
    facts = std::move(contents.facts);
    keep_bytes = contents.bytes;
  } else {
    THRESHER_TRY_VOID(folder.set_aside());
  }
  THRESHER_TRY(journal, Journal::open(folder.journal(), keep_bytes));
  if (!arguments.resume) journal.write(config);

  CampaignMeans means{.recipe = recipe,
                      .limits = limits,
                      .time_budget = budget,
                      .progress = Progress{surroundings.err, progress_style(arguments.quiet)}};
  CampaignRun run{config, std::move(means), std::move(folder), std::move(journal)};
  if (!run.learn(facts)) {
    return misuse("--resume: the journal does not fit this program's scenarios; start anew without "
                  "--resume");
  }
  return run_to_the_end(run, arguments.format, surroundings);
}

}  // namespace thresher::cli
