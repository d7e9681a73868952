// Tasks and answers as JSON. Keys are short where there are many of them. What is read is checked
// by the JSON library's accessors; what they throw ends here.
#include "thresher/cli/campaign/wire.h"

#include <nlohmann/json.hpp>

namespace thresher::cli {

namespace {

/// Runs `read`, which uses the throwing accessors of the JSON library, and turns what they throw
/// into nothing: the one place in this file where the library's exceptions end.
template <typename Read>
auto guarded(Read read) -> std::optional<decltype(read())> {
  try {
    return read();
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

Json spec_json(const RunSpec& spec) {
  const sim::StrategySpec& strategy = spec.strategy;
  return Json::array({spec.seed, static_cast<int>(strategy.kind), strategy.depth, strategy.length});
}

RunSpec spec_at(const Json& json) {
  RunSpec spec;
  spec.seed = json.at(0).get<std::uint64_t>();
  spec.strategy.kind = json.at(1).get<int>() == 0 ? sim::StrategySpec::Kind::random
                                                  : sim::StrategySpec::Kind::pct;
  spec.strategy.depth = json.at(2).get<std::uint32_t>();
  spec.strategy.length = json.at(3).get<std::uint64_t>();
  return spec;
}

RunSettings settings_at(const Json& json) {
  RunSettings settings;
  json.at("scenario").get_to(settings.scenario);
  json.at("profile").get_to(settings.profile);
  json.at("knobs").get_to(settings.knobs);
  json.at("plan").get_to(settings.plan);
  json.at("plan_path").get_to(settings.plan_path);
  json.at("only").get_to(settings.only);
  return settings;
}

Json detail_json(const Detail& detail) {
  return Json{{"tape_out", detail.tape_out},
              {"trace_out", detail.trace_out},
              {"tape_in", detail.tape_in},
              {"strict", detail.replay_mode == sim::ReplayMode::strict},
              {"break_at", detail.break_at_step}};
}

Detail detail_at(const Json& json) {
  Detail detail;
  json.at("tape_out").get_to(detail.tape_out);
  json.at("trace_out").get_to(detail.trace_out);
  json.at("tape_in").get_to(detail.tape_in);
  detail.replay_mode =
      json.at("strict").get<bool>() ? sim::ReplayMode::strict : sim::ReplayMode::best_effort;
  json.at("break_at").get_to(detail.break_at_step);
  return detail;
}

Outcome outcome_at(const Json& json) {
  Outcome outcome;
  outcome.spec = spec_at(json.at(0));
  outcome.verdict = static_cast<sim::Verdict>(json.at(1).get<std::uint8_t>());
  json.at(2).get_to(outcome.label);
  json.at(3).get_to(outcome.steps);
  json.at(4).get_to(outcome.trace_hash);
  return outcome;
}

Totals totals_at(const Json& json) {
  Totals totals;
  json.at("runs").get_to(totals.runs);
  json.at("failed").get_to(totals.failed);
  json.at("steps_sum").get_to(totals.steps_sum);
  json.at("steps_min").get_to(totals.steps_min);
  json.at("steps_max").get_to(totals.steps_max);
  json.at("at_step_bound").get_to(totals.at_step_bound);
  json.at("fibers_abandoned").get_to(totals.fibers_abandoned);
  totals.virtual_time = runtime::Duration{json.at("virtual_ns").get<std::int64_t>()};
  json.at("reached").get_to(totals.reached);
  for (const auto& [name, pair] : json.at("strategies").items()) {
    totals.strategies[name] = {pair.at(0).get<std::uint64_t>(), pair.at(1).get<std::uint64_t>()};
  }
  return totals;
}

runtime::TimePoint time_at(const Json& json) {
  return runtime::TimePoint{runtime::Duration{json.get<std::int64_t>()}};
}

sim::RunResult result_at(const Json& json) {
  sim::RunResult result;
  result.verdict = static_cast<sim::Verdict>(json.at("verdict").get<std::uint8_t>());
  json.at("label").get_to(result.label);
  json.at("message").get_to(result.message);
  json.at("steps").get_to(result.steps);
  json.at("failed_step").get_to(result.failed_step);
  result.failed_at = time_at(json.at("failed_at"));
  json.at("failed_fiber").get_to(result.failed_fiber);
  result.ended_at = time_at(json.at("ended_at"));
  json.at("trace_hash").get_to(result.trace_hash);
  json.at("hit_step_bound").get_to(result.hit_step_bound);
  json.at("fibers_abandoned").get_to(result.fibers_abandoned);
  json.at("reached").get_to(result.reached);
  for (const Json& fault : json.at("faults")) {
    result.faults.push_back({time_at(fault.at(0)), fault.at(1).get<std::string>()});
  }
  json.at("drawn").get_to(result.drawn);
  return result;
}

}  // namespace

Json to_json(const RunSettings& settings) {
  return Json{{"scenario", settings.scenario}, {"profile", settings.profile},
              {"knobs", settings.knobs},       {"plan", settings.plan},
              {"plan_path", settings.plan_path}, {"only", settings.only}};
}

Json to_json(const Task& task) {
  Json json{{"settings", to_json(task.settings)},
            {"runs", Json::array()},
            {"all_outcomes", task.all_outcomes}};
  for (const RunSpec& spec : task.runs) json["runs"].push_back(spec_json(spec));
  if (task.detail) json["detail"] = detail_json(*task.detail);
  return json;
}

Json to_json(const Outcome& outcome) {
  return Json::array({spec_json(outcome.spec), static_cast<std::uint8_t>(outcome.verdict),
                      outcome.label, outcome.steps, outcome.trace_hash});
}

Json to_json(const Totals& totals) {
  Json strategies = Json::object();
  for (const auto& [name, under] : totals.strategies) strategies[name] = {under.runs, under.failed};
  return Json{{"runs", totals.runs},
              {"failed", totals.failed},
              {"steps_sum", totals.steps_sum},
              {"steps_min", totals.steps_min},
              {"steps_max", totals.steps_max},
              {"at_step_bound", totals.at_step_bound},
              {"fibers_abandoned", totals.fibers_abandoned},
              {"virtual_ns", totals.virtual_time.count()},
              {"reached", totals.reached},
              {"strategies", std::move(strategies)}};
}

Json to_json(const sim::RunResult& result) {
  Json faults = Json::array();
  for (const sim::InjectedFault& fault : result.faults) {
    faults.push_back({fault.at.time_since_epoch().count(), fault.text});
  }
  return Json{{"verdict", static_cast<std::uint8_t>(result.verdict)},
              {"label", result.label},
              {"message", result.message},
              {"steps", result.steps},
              {"failed_step", result.failed_step},
              {"failed_at", result.failed_at.time_since_epoch().count()},
              {"failed_fiber", result.failed_fiber},
              {"ended_at", result.ended_at.time_since_epoch().count()},
              {"trace_hash", result.trace_hash},
              {"hit_step_bound", result.hit_step_bound},
              {"fibers_abandoned", result.fibers_abandoned},
              {"reached", result.reached},
              {"faults", std::move(faults)},
              {"drawn", result.drawn}};
}

Json to_json(const Answer& answer) {
  Json json{{"totals", to_json(answer.totals)},
            {"outcomes", Json::array()},
            {"problem", answer.problem},
            {"problem_code", answer.problem_code}};
  for (const Outcome& outcome : answer.outcomes) json["outcomes"].push_back(to_json(outcome));
  if (answer.detail) json["detail"] = to_json(*answer.detail);
  return json;
}

std::optional<RunSettings> settings_from(const Json& json) {
  return guarded([&] { return settings_at(json); });
}

std::optional<Task> task_from(const Json& json) {
  return guarded([&] {
    Task task;
    task.settings = settings_at(json.at("settings"));
    for (const Json& spec : json.at("runs")) task.runs.push_back(spec_at(spec));
    json.at("all_outcomes").get_to(task.all_outcomes);
    if (json.contains("detail")) task.detail = detail_at(json.at("detail"));
    return task;
  });
}

std::optional<Outcome> outcome_from(const Json& json) {
  return guarded([&] { return outcome_at(json); });
}

std::optional<Totals> totals_from(const Json& json) {
  return guarded([&] { return totals_at(json); });
}

std::optional<sim::RunResult> result_from(const Json& json) {
  return guarded([&] { return result_at(json); });
}

std::optional<Answer> answer_from(const Json& json) {
  return guarded([&] {
    Answer answer;
    answer.totals = totals_at(json.at("totals"));
    for (const Json& outcome : json.at("outcomes")) answer.outcomes.push_back(outcome_at(outcome));
    json.at("problem").get_to(answer.problem);
    json.at("problem_code").get_to(answer.problem_code);
    if (json.contains("detail")) answer.detail = result_at(json.at("detail"));
    return answer;
  });
}

}  // namespace thresher::cli
