// The commands `run` and `replay`. First a request is made of the options, then it is performed,
// then told.
#include "thresher/cli/run_command.h"

#include "thresher/cli/campaign/crew.h"
#include "thresher/cli/campaign/rotation.h"
#include "thresher/cli/campaign/stack_text.h"
#include "thresher/cli/key_arguments.h"
#include "thresher/cli/numbers.h"
#include "thresher/cli/run_report.h"
#include "thresher/cli/text.h"
#include "thresher/sim/tape.h"

#include <nlohmann/json.hpp>

#include <fstream>
#include <limits>
#include <ostream>
#include <sys/stat.h>

namespace thresher::cli {

namespace {

/// One run, ready to be done.
struct Request {
  Task task;
  CrewLimits limits;
  std::string seed_origin;
  Format format = Format::text;
  bool in_this_process = false;
};

bool under_debugger() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  while (status >> word) {
    if (word != "TracerPid:") continue;
    status >> word;
    return word != "0";
  }
  return false;
}

/// What a task gave: its answer, or the result that a death stands for.
Parsed<Answer> answer_of(Done done) {
  if (done.answer) {
    if (done.answer->problem.empty()) return *std::move(done.answer);
    return runtime::Unexpected{Problem{done.answer->problem, done.answer->problem_code}};
  }
  if (done.death->killed_from_outside()) {
    return broken("the process of the run was killed from outside, most likely for lack of memory; "
                  "free some and try again");
  }
  Answer answer;
  answer.detail = result_of(*done.death);
  answer.detail->message = with_names(answer.detail->message);
  return answer;
}

Parsed<Answer> perform(const Request& request, const Task& task, const Surroundings& around) {
  if (request.in_this_process) {
    Executor executor{around.scenarios};
    Done done;
    done.answer = executor.perform(task, [](std::size_t) {});
    return answer_of(std::move(done));
  }
  const WorkerRecipe recipe{around.scenarios, {request.limits.memory_bytes}, around.program_file};
  THRESHER_TRY(done, do_alone(recipe, request.limits, task));
  return answer_of(std::move(done));
}

/// Gives a PCT strategy without a length the measured one of the seed's epoch.
Parsed<void> complete_strategy(Request& request, const Surroundings& around) {
  RunSpec& spec = request.task.runs.front();
  if (spec.strategy.kind != sim::StrategySpec::Kind::pct || spec.strategy.length != 0) return {};
  const Task measuring = measuring_task(request.task.settings, epoch_of(spec.seed));
  THRESHER_TRY(answer, perform(request, measuring, around));
  spec.strategy.length = measured_length(answer.totals);
  return {};
}

Parsed<int> perform_and_tell(Request request, const Surroundings& around) {
  THRESHER_TRY_VOID(complete_strategy(request, around));
  THRESHER_TRY(answer, perform(request, request.task, around));
  RunReport report;
  report.settings = request.task.settings;
  report.spec = request.task.runs.front();
  report.result = *answer.detail;
  report.seed_origin = request.seed_origin;
  report.tape = request.task.detail->tape_in;
  if (request.format == Format::json) {
    around.out << json_of(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
               << '\n';
  } else {
    around.out << text_of(report);
  }
  return static_cast<int>(report.result.verdict);
}

/// What `run` and `replay` of a seed have in common.
Parsed<Request> request_of(const RunArguments& arguments, const Surroundings& around) {
  THRESHER_TRY(scenario, known_scenario(around.scenarios, arguments.scenario));
  THRESHER_TRY(seed, parse_seed("--seed", arguments.seed));
  THRESHER_TRY(settings,
               settings_of(arguments.key, std::string{scenario->info().name}));
  RunSpec spec{.seed = seed.value, .strategy = {}};
  if (!arguments.key.strategy.empty()) {
    THRESHER_TRY(strategy, parse_strategy(arguments.key.strategy));
    spec.strategy = strategy;
  }
  Request request;
  request.task = {.settings = settings, .runs = {spec}, .detail = Detail{}};
  request.seed_origin = seed.origin;
  return request;
}

/// Adds what does not decide the run: files, format, limits.
Parsed<void> add_outputs(Request& request, const RunArguments& arguments) {
  for (const auto& [option, path] : {std::pair{"--trace", arguments.trace},
                                     std::pair{"--record", arguments.record}}) {
    if (!path.empty()) THRESHER_TRY_VOID(check_writable(option, path));
  }
  request.task.detail->trace_out = arguments.trace;
  request.task.detail->tape_out = arguments.record;
  request.format = arguments.format;
  THRESHER_TRY(limits, limits_of(1, arguments.run_timeout, arguments.memory));
  request.limits = limits;
  return {};
}

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

/// The options that a tape carries itself, or "" when none of them was given beside it.
std::string contradicted_option(const RunArguments& run) {
  if (!run.key.strategy.empty()) return "--strategy";
  if (!run.key.knobs.empty()) return "--knob";
  if (!run.key.faults.empty()) return "--faults";
  if (run.key.profile != KeyArguments{}.profile) return "--profile";
  return "";
}

Parsed<Request> request_of_tape(const RunArguments& run, const Surroundings& around) {
  const std::string place = "tape " + shell_word(run.seed) + ": ";
  if (const std::string option = contradicted_option(run); !option.empty()) {
    return misuse(place + "carries its own " + option + "; leave the option out");
  }
  std::string words;
  const auto tape = sim::Tape::load(run.seed, words);
  if (!tape) return misuse(words + "; record it again from its seed with --record");
  const auto key = tape->key();
  if (!key) {
    return misuse(place + "its strategy " + shell_word(tape->header.strategy) +
                  " is unknown to this program; record it again from its seed with --record");
  }
  if (find(around.scenarios, key->scenario) == nullptr) {
    return misuse(place + "its scenario " + shell_word(key->scenario) +
                  " is unknown to this program; it is a tape of another version");
  }
  if (!run.scenario.empty() && run.scenario != key->scenario) {
    return misuse(place + "is of scenario " + key->scenario + ", not " + run.scenario +
                  "; leave the name out");
  }
  Request request;
  request.task.settings = {.scenario = key->scenario, .profile = key->profile, .knobs = key->knobs,
                           .plan = key->plan, .plan_path = "", .only = run.key.only};
  request.task.runs = {RunSpec{key->seed, key->strategy}};
  request.task.detail = Detail{};
  request.task.detail->tape_in = run.seed;
  return request;
}

}  // namespace

Parsed<int> do_run(const RunArguments& arguments, const Surroundings& surroundings) {
  THRESHER_TRY(request, request_of(arguments, surroundings));
  THRESHER_TRY_VOID(add_outputs(request, arguments));
  request.in_this_process = under_debugger();
  return perform_and_tell(std::move(request), surroundings);
}

Parsed<int> do_replay(const ReplayArguments& arguments, const Surroundings& surroundings) {
  const RunArguments& run = arguments.run;
  const bool of_tape = is_file(run.seed);
  if (!of_tape && run.scenario.empty()) {
    const auto seed = parse_seed("SEED-OR-TAPE", run.seed);
    if (!seed) {
      return misuse("replay " + shell_word(run.seed) +
                    ": neither a seed nor the file of a tape; give one of them");
    }
    return misuse("replay " + shell_word(run.seed) +
                  ": a seed needs its scenario; add the name after it");
  }
  THRESHER_TRY(request, of_tape ? request_of_tape(run, surroundings)
                                : request_of(run, surroundings));
  THRESHER_TRY_VOID(add_outputs(request, run));
  request.in_this_process = under_debugger();
  if (!arguments.break_at.empty()) {
    THRESHER_TRY(step, parse_count("--break-at", arguments.break_at, 1,
                                   std::numeric_limits<std::uint64_t>::max()));
    request.task.detail->break_at_step = step;
    request.in_this_process = true;
  }
  request.task.detail->replay_mode =
      arguments.mode == "strict" ? sim::ReplayMode::strict : sim::ReplayMode::best_effort;
  return perform_and_tell(std::move(request), surroundings);
}

}  // namespace thresher::cli
