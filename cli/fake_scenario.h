// A scenario made of a function, and a program run over such scenarios: for tests of the command
// line, which need runs that crash, hang, differ or fail at will, and no world.
#pragma once

#include "thresher/cli/program.h"
#include "thresher/runtime/base/hash.h"
#include "thresher/scenarios/scenario.h"
#include "thresher/scenarios/world_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>
#include <unistd.h>

namespace thresher::cli::testing {

class FakeScenario final : public scenarios::Scenario {
 public:
  using Body = std::function<void(const sim::RunKey&, const scenarios::RunOptions&,
                                  sim::RunResult&)>;

  FakeScenario(std::string name, Body body, std::vector<scenarios::Defect> defects = {},
               std::vector<scenarios::Expectation> expectations = {})
      : name_{std::move(name)},
        defects_{std::move(defects)},
        expectations_{std::move(expectations)},
        info_{name_, "made up", defects_, expectations_},
        body_{std::move(body)} {}

  const scenarios::ScenarioInfo& info() const noexcept override { return info_; }

  /// A run of ten to nineteen steps, by its seed, that survives unless the body says otherwise.
  runtime::Result<sim::RunResult> run(sim::Engine&, const sim::RunKey& key,
                                      const scenarios::RunOptions& options,
                                      std::string& problem) const override {
    if (!key.knobs.empty()) {
      problem = "it has no knob '" + key.knobs.begin()->first + "'";
      return runtime::fail(runtime::Errc::configuration);
    }
    sim::RunResult result;
    result.steps = 10 + runtime::mix(key.seed) % 10;
    result.ended_at = runtime::TimePoint{runtime::Duration{1'000'000}};
    result.trace_hash = runtime::combine(key.seed, runtime::hash_name(key.strategy.text()));
    body_(key, options, result);
    return result;
  }

 private:
  std::string name_;
  std::vector<scenarios::Defect> defects_;
  std::vector<scenarios::Expectation> expectations_;
  scenarios::ScenarioInfo info_;
  Body body_;
};

/// A scenario whose runs are the main fiber of a real world.
class WorldScenario final : public scenarios::Scenario {
 public:
  using Body = std::function<void(sim::World&)>;

  WorldScenario(std::string name, Body body)
      : name_{std::move(name)}, info_{name_, "made up", {}, {}}, body_{std::move(body)} {}

  const scenarios::ScenarioInfo& info() const noexcept override { return info_; }

  runtime::Result<sim::RunResult> run(sim::Engine& engine, const sim::RunKey& key,
                                      const scenarios::RunOptions& options,
                                      std::string&) const override {
    sim::World world{engine, scenarios::world_options(key, options)};
    return world.run([this, &world] { body_(world); });
  }

 private:
  std::string name_;
  scenarios::ScenarioInfo info_;
  Body body_;
};

inline void survive(const sim::RunKey&, const scenarios::RunOptions&, sim::RunResult&) {}

/// Makes `result` a failure, unless another label alone is judged.
inline void fail_run(const scenarios::RunOptions& options, sim::RunResult& result,
                     sim::Verdict verdict, std::string label) {
  if (!options.only.empty() && options.only != label) return;
  result.verdict = verdict;
  result.message = "what went wrong";
  result.label = std::move(label);
}

/// What a call of the program gave.
struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

/// A folder of its own for each test, scenarios, and calls of the program.
class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest()
      : folder_{std::filesystem::temp_directory_path() /
                ("thresher-cli-" + std::to_string(::getpid()))} {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  ~ProgramTest() override { std::filesystem::remove_all(folder_); }

  FakeScenario& add(std::string name, FakeScenario::Body body,
                    std::vector<scenarios::Defect> defects = {},
                    std::vector<scenarios::Expectation> expectations = {}) {
    kept_.push_back(std::make_unique<FakeScenario>(std::move(name), std::move(body),
                                                   std::move(defects), std::move(expectations)));
    scenarios_.push_back(kept_.back().get());
    return *kept_.back();
  }

  void add_world(std::string name, WorldScenario::Body body) {
    worlds_.push_back(std::make_unique<WorldScenario>(std::move(name), std::move(body)));
    scenarios_.push_back(worlds_.back().get());
  }

  std::string path(std::string_view name) const { return (folder_ / name).string(); }

  Ran thresher(std::vector<std::string> words) {
    std::vector<const char*> argv{"thresher"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    std::ostringstream out;
    std::ostringstream err;
    const int code = run_program(static_cast<int>(argv.size()), argv.data(),
                                 {.scenarios = scenarios_, .out = out, .err = err,
                                  .program_file = ""});
    return {code, out.str(), err.str()};
  }

  /// A quiet campaign in the test's folder.
  Ran campaign(std::vector<std::string> words) {
    words.insert(words.begin(), {"campaign", "--quiet", "--out", path("out")});
    return thresher(std::move(words));
  }

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<FakeScenario>> kept_;
  std::vector<std::unique_ptr<WorldScenario>> worlds_;
  std::vector<const scenarios::Scenario*> scenarios_;
};

}  // namespace thresher::cli::testing
