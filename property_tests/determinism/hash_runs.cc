// hash_runs FIRST COUNT [SCENARIO...]: prints `scenario seed strategy verdict hash` for each run.
//
// Two such lists, made by processes with other memory layouts, environments or optimisation levels,
// must be the same text; the determinism stage of ./check compares them. Strategies rotate with the
// seed, so that all are covered.
#include "thresher/scenarios/scenario.h"
#include "thresher/sim/world.h"

#include <array>
#include <cinttypes>
#include <charconv>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::property_tests {
namespace {

constexpr std::array<std::string_view, 3> strategies{"random", "pct:d=2,k=1000", "pct:d=5,k=1000"};

bool print_one(sim::Engine& engine, const scenarios::Scenario& scenario, std::uint64_t seed) {
  sim::RunKey key;
  key.scenario = scenario.info().name;
  key.seed = seed;
  const std::string_view strategy = strategies[seed % strategies.size()];
  key.strategy = sim::StrategySpec::parse(strategy).value();
  std::string problem;
  const auto result = scenario.run(engine, key, {}, problem);
  if (!result) {
    std::fprintf(stderr, "%s: %s\n", key.scenario.c_str(), problem.c_str());
    return false;
  }
  std::printf("%s %" PRIu64 " %s %s 0x%016" PRIx64 "\n", key.scenario.c_str(), seed,
              std::string{strategy}.c_str(), std::string{name(result->verdict)}.c_str(),
              result->trace_hash);
  return true;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int run(const std::vector<std::string_view>& arguments) {
  if (arguments.size() < 2) {
    std::fputs("usage: hash_runs FIRST COUNT [SCENARIO...]\n", stderr);
    return 2;
  }
  std::vector<const scenarios::Scenario*> chosen;
  for (std::size_t i = 2; i < arguments.size(); ++i) {
    chosen.push_back(scenarios::find_scenario(arguments[i]));
    if (chosen.back() == nullptr) return 2;
  }
  if (chosen.empty()) {
    const auto all = scenarios::all_scenarios();
    chosen.assign(all.begin(), all.end());
  }
  sim::Engine engine;
  const std::uint64_t first = number(arguments[0]);
  for (std::uint64_t seed = first; seed < first + number(arguments[1]); ++seed) {
    const auto* scenario = chosen[seed % chosen.size()];
    if (!print_one(engine, *scenario, seed)) return 2;
  }
  return 0;
}

}  // namespace
}  // namespace thresher::property_tests

int main(int argc, char** argv) {
  return thresher::property_tests::run(std::vector<std::string_view>(argv + 1, argv + argc));
}
