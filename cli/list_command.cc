// The command `list`.
// The order is that of the registry, which is by name.
#include "thresher/cli/list_command.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace thresher::cli {

namespace {

std::string json_list(Scenarios scenarios) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const auto* scenario : scenarios) {
    const scenarios::ScenarioInfo& info = scenario->info();
    nlohmann::ordered_json defects = nlohmann::ordered_json::array();
    for (const scenarios::Defect& defect : info.defects) {
      defects.push_back({{"label", defect.label}, {"story", defect.story}});
    }
    nlohmann::ordered_json expectations = nlohmann::ordered_json::array();
    for (const scenarios::Expectation& expected : info.expectations) {
      expectations.push_back({{"label", expected.label}, {"runs", expected.runs}});
    }
    all.push_back({{"name", info.name},
                   {"summary", info.summary},
                   {"negative", info.negative()},
                   {"defects", std::move(defects)},
                   {"expectations", std::move(expectations)}});
  }
  return nlohmann::ordered_json{{"format", "thresher.list.1"}, {"scenarios", std::move(all)}}.dump(
             2) +
         "\n";
}

std::string padded(std::string_view text, std::size_t width) {
  std::string out{text};
  out.append(width > text.size() ? width - text.size() : 0, ' ');
  return out;
}

}  // namespace

std::string list_text(Scenarios scenarios, const ListArguments& arguments) {
  if (arguments.format == Format::json) return json_list(scenarios);
  std::size_t width = 0;
  for (const auto* scenario : scenarios) width = std::max(width, scenario->info().name.size());
  std::string text;
  for (const auto* scenario : scenarios) {
    const scenarios::ScenarioInfo& info = scenario->info();
    text += padded(info.name, width) + "  " + (info.negative() ? "negative" : "        ") + "  ";
    text.append(info.summary).append("\n");
    if (!arguments.verbose) continue;
    for (const scenarios::Defect& defect : info.defects) {
      text.append("    ").append(defect.label).append(": ").append(defect.story).append("\n");
    }
  }
  return text;
}

}  // namespace thresher::cli
