// How one run is told. Every fact of the JSON form is also in the text, but for what only machines
// want.
#include "thresher/cli/run_report.h"

#include "thresher/cli/build_text.h"
#include "thresher/cli/text.h"

#include <nlohmann/json.hpp>

namespace thresher::cli {

namespace {

constexpr std::size_t faults_shown_max = 40;

/// One named line of a failure: the name in a column of its own.
std::string line(std::string_view name, std::string_view value) {
  std::string text = "  ";
  text.append(name).append(name.size() < 10 ? 10 - name.size() : 1, ' ');
  return text.append(value).append("\n");
}

std::string pairs(const std::map<std::string, std::string>& values) {
  std::string text;
  for (const auto& [name, value] : values) {
    text.append(text.empty() ? "" : " ").append(name).append("=").append(value);
  }
  return text;
}

/// In one line where it fits, else one a line.
std::string drawn_text(const std::map<std::string, std::string>& drawn) {
  constexpr std::size_t line_chars_max = 80;
  const std::string together = drawn.empty() ? "nothing" : pairs(drawn);
  if (together.size() <= line_chars_max) return line("drawn", together);
  std::string text;
  for (const auto& [name, value] : drawn) {
    text += line(text.empty() ? "drawn" : "", std::string{name}.append("=").append(value));
  }
  return text;
}

std::string faults_text(const std::vector<sim::InjectedFault>& faults) {
  if (faults.empty()) return line("faults", "none");
  std::string text;
  for (std::size_t i = 0; i < faults.size() && i < faults_shown_max; ++i) {
    text += line(i == 0 ? "faults" : "", at_text(faults[i].at) + "  " + faults[i].text);
  }
  if (faults.size() > faults_shown_max) {
    text += line("", "and " + std::to_string(faults.size() - faults_shown_max) +
                         " more: --format json shows all");
  }
  return text;
}

}  // namespace

std::string reproducing_command(const RunSettings& settings, const RunSpec& spec,
                                const std::string& tape) {
  std::string text = "./thresher replay ";
  const std::string only = settings.only.empty() ? "" : " --only " + shell_word(settings.only);
  if (!tape.empty()) return text + shell_word(tape) + only;
  text += hex64(spec.seed) + " " + shell_word(settings.scenario);
  text += " --strategy " + shell_word(spec.strategy.text());
  text += " --profile " + shell_word(settings.profile);
  for (const auto& [name, value] : settings.knobs) {
    text += " --knob " + shell_word(name + "=" + value);
  }
  if (!settings.plan_path.empty()) text += " --faults " + shell_word(settings.plan_path);
  return text + only;
}

std::string failure_text(const RunReport& report) {
  const sim::RunResult& result = report.result;
  const std::size_t end = std::min(result.message.find('\n'), result.message.size());
  std::string text = "FAIL  " + result.label;
  if (end > 0) text += ": " + result.message.substr(0, end);
  text += "\n";
  if (end < result.message.size()) text += indented(result.message.substr(end + 1), "      ");
  text += line("scenario", report.settings.scenario);
  text += line("class", sim::name(result.verdict));
  std::string at = "step " + grouped(result.failed_step) + ", " + at_text(result.failed_at);
  if (!result.failed_fiber.empty()) at += ", fiber " + result.failed_fiber;
  if (result.verdict != sim::Verdict::crash) text += line("at", at);
  const std::string& origin = report.seed_origin;
  text += line("seed", hex64(report.spec.seed) + (origin.empty() ? "" : " (" + origin + ")"));
  text += line("commit", commit_text());
  text += line("profile", report.settings.profile);
  text += line("strategy", report.spec.strategy.text());
  if (!report.settings.knobs.empty()) text += line("knobs", pairs(report.settings.knobs));
  if (!report.settings.plan_path.empty()) text += line("plan", report.settings.plan_path);
  if (!report.settings.only.empty()) text += line("only", report.settings.only);
  return text + drawn_text(result.drawn) + faults_text(result.faults);
}

std::string verdict_line(const sim::RunResult& result) {
  std::string text = "verdict " + std::string{sim::name(result.verdict)};
  text += " (exit " + std::to_string(static_cast<int>(result.verdict)) + ")";
  text += "  steps " + grouped(result.steps);
  text += "  virtual time " + span_text(result.ended_at.time_since_epoch());
  return text + "  trace hash " + hex64(result.trace_hash);
}

std::string text_of(const RunReport& report) {
  const std::string verdict = verdict_line(report.result) + "\n";
  if (report.result.verdict != sim::Verdict::survived) {
    return failure_text(report) + verdict + "reproduce: " +
           reproducing_command(report.settings, report.spec, report.tape) + "\n";
  }
  const std::string& origin = report.seed_origin;
  return report.settings.scenario + "  seed " + hex64(report.spec.seed) +
         (origin.empty() ? "" : " (" + origin + ")") + "  strategy " + report.spec.strategy.text() +
         "  profile " + report.settings.profile + "\n" + verdict;
}

nlohmann::ordered_json json_of(const RunReport& report) {
  const sim::RunResult& result = report.result;
  nlohmann::ordered_json faults = nlohmann::ordered_json::array();
  for (const sim::InjectedFault& fault : result.faults) {
    faults.push_back({{"at_ns", fault.at.time_since_epoch().count()}, {"text", fault.text}});
  }
  return {{"format", "thresher.run.1"},
          {"scenario", report.settings.scenario},
          {"seed", hex64(report.spec.seed)},
          {"seed_origin", report.seed_origin},
          {"commit", commit_text()},
          {"profile", report.settings.profile},
          {"strategy", report.spec.strategy.text()},
          {"knobs", report.settings.knobs},
          {"plan", report.settings.plan_path},
          {"only", report.settings.only},
          {"tape", report.tape},
          {"verdict", sim::name(result.verdict)},
          {"exit_code", static_cast<int>(result.verdict)},
          {"label", result.label},
          {"message", result.message},
          {"failed_step", result.failed_step},
          {"failed_at_ns", result.failed_at.time_since_epoch().count()},
          {"failed_fiber", result.failed_fiber},
          {"steps", result.steps},
          {"virtual_time_ns", result.ended_at.time_since_epoch().count()},
          {"trace_hash", hex64(result.trace_hash)},
          {"hit_step_bound", result.hit_step_bound},
          {"reached", result.reached},
          {"drawn", result.drawn},
          {"faults", std::move(faults)},
          {"reproduce", reproducing_command(report.settings, report.spec, report.tape)}};
}

}  // namespace thresher::cli
