// Does tasks in this process. What a scenario refuses becomes a problem in the answer; nothing is
// printed here.
#include "thresher/cli/campaign/executor.h"

#include "thresher/cli/build_text.h"
#include "thresher/cli/problem.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/build_info.h"
#include "thresher/sim/tape.h"
#include "thresher/sim/trace.h"

#include <algorithm>

namespace thresher::cli {

namespace {

Answer refused(std::string text, int code) {
  Answer answer;
  answer.problem = std::move(text);
  answer.problem_code = code;
  return answer;
}

std::string refusal(const RunSettings& settings, const runtime::Error& error,
                    const std::string& words) {
  // Words about a plan name the place in it ("$.rules[0]"); people also need the file.
  const bool of_plan = words.starts_with("$") && !settings.plan_path.empty();
  const std::string place = of_plan ? "--faults " + settings.plan_path : settings.scenario;
  return place + ": " + (words.empty() ? runtime::describe(error) : words);
}

/// Whether a replay left the tape because the program is another than the one that recorded it. Of
/// the same program it is nondeterminism, and stays a verdict.
bool is_stale(const sim::Tape& tape, const sim::RunResult& result) {
  const bool same_program = tape.header.commit == commit_text() && !runtime::build_dirty();
  return result.label == "replay.diverged" && !same_program;
}

/// Writes the files that were asked for. Errors: a harness problem.
Parsed<void> save(const Detail& detail, const sim::RunKey& key, const sim::RunResult& result,
                  const sim::Trace& trace) {
  std::string words;
  if (!detail.tape_out.empty() && result.tape != nullptr) {
    sim::Tape tape = *result.tape;
    tape.set_key(key);
    tape.header.commit = commit_text();
    if (!tape.save(detail.tape_out, words)) return broken(words);
  }
  if (!detail.trace_out.empty() && !trace.save(detail.trace_out, words)) return broken(words);
  return {};
}

}  // namespace

const scenarios::Scenario* find(Scenarios scenarios, std::string_view name) {
  const auto found = std::find_if(scenarios.begin(), scenarios.end(),
                                  [&](const auto* each) { return each->info().name == name; });
  return found == scenarios.end() ? nullptr : *found;
}

Answer Executor::perform(const Task& task, const std::function<void(std::size_t)>& starting) {
  const scenarios::Scenario* const scenario = find(scenarios_, task.settings.scenario);
  if (scenario == nullptr) return refused("unknown scenario " + task.settings.scenario, exit_usage);
  if (task.detail) {
    THRESHER_ASSERT(task.runs.size() == 1);
    starting(0);
    return perform_detail(*scenario, task);
  }
  Answer answer;
  scenarios::RunOptions options;
  options.only = task.settings.only;
  sim::RunKey key = key_of(task.settings, RunSpec{});
  for (std::size_t i = 0; i < task.runs.size(); ++i) {
    starting(i);
    key.seed = task.runs[i].seed;
    key.strategy = task.runs[i].strategy;
    std::string words;
    const auto result = scenario->run(engine_, key, options, words);
    if (!result) return refused(refusal(task.settings, result.error(), words), exit_usage);
    answer.totals.add(key.strategy, *result);
    const bool noteworthy =
        result->verdict != sim::Verdict::survived || chosen_for_twin(key.seed);
    if (noteworthy || task.all_outcomes) {
      answer.outcomes.push_back(outcome_of(task.runs[i], *result));
    }
  }
  return answer;
}

Answer Executor::perform_detail(const scenarios::Scenario& scenario, const Task& task) {
  const Detail& detail = *task.detail;
  const RunSpec& spec = task.runs.front();
  const sim::RunKey key = key_of(task.settings, spec);
  std::string words;
  scenarios::RunOptions options;
  options.only = task.settings.only;
  options.break_at_step = detail.break_at_step;
  options.record = !detail.tape_out.empty();
  sim::Trace trace;
  if (!detail.trace_out.empty()) options.trace = &trace;
  std::optional<sim::Tape> tape;
  if (!detail.tape_in.empty()) {
    auto loaded = sim::Tape::load(detail.tape_in, words);
    if (!loaded) return refused(words, exit_usage);
    tape = *std::move(loaded);
    options.replay = &*tape;
    options.replay_mode = detail.replay_mode;
  }
  auto result = scenario.run(engine_, key, options, words);
  if (!result) return refused(refusal(task.settings, result.error(), words), exit_usage);
  if (tape && is_stale(*tape, *result)) {
    return refused("tape " + detail.tape_in + ": was recorded by commit " + tape->header.commit +
                       " and does not fit " + commit_text() + " (" + result->message +
                       "); replay its seed, or try --mode best-effort",
                   exit_usage);
  }
  if (const auto saved = save(detail, key, *result, trace); !saved) {
    return refused(saved.error().text, saved.error().exit_code);
  }
  Answer answer;
  answer.totals.add(spec.strategy, *result);
  answer.outcomes.push_back(outcome_of(spec, *result));
  answer.detail = *std::move(result);
  return answer;
}

}  // namespace thresher::cli
