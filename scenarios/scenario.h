// A scenario: a workload with its checks, run in the simulated world (and, later, on a real GPU).
//
// A scenario is registered by name in `all_scenarios()`; names are paths ("guide/pooled"). A
// negative one carries known defects, each with the label of the check that shows it; a campaign
// passes a negative scenario only if it finds each of them.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/verdict.h"
#include "thresher/sim/world.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::scenarios {

/// A defect that a negative scenario is known to have.
struct Defect {
  /// The label of the check that fails ("pool.slot_lost").
  std::string_view label;
  /// What it is and the interleaving or fault that shows it, in one sentence.
  std::string_view story;
};

/// A `sometimes` that a campaign demands after this many runs.
struct Expectation {
  std::string_view label;
  std::uint64_t runs = 2000;
};

struct ScenarioInfo {
  std::string_view name;
  std::string_view summary;
  /// Empty for scenarios that must survive every seed.
  std::span<const Defect> defects;
  std::span<const Expectation> expectations;
  bool negative() const noexcept { return !defects.empty(); }
};

/// How to run one key.
struct RunOptions {
  bool record = false;
  const sim::Tape* replay = nullptr;
  sim::ReplayMode replay_mode = sim::ReplayMode::strict;
  sim::Trace* trace = nullptr;
  std::string only;
  std::uint64_t break_at_step = 0;
};

class Scenario {
 public:
  virtual ~Scenario() = default;
  virtual const ScenarioInfo& info() const noexcept = 0;
  /// Runs one key in a world of `engine`. Errors: configuration (a knob or plan that does not fit;
  /// the words are in `problem`); everything else is a verdict.
  virtual runtime::Result<sim::RunResult> run(sim::Engine& engine, const sim::RunKey& key,
                                              const RunOptions& options,
                                              std::string& problem) const = 0;
};

/// Every scenario, ordered by name.
std::span<const Scenario* const> all_scenarios();
/// The scenario of that name, or null.
const Scenario* find_scenario(std::string_view name);

}  // namespace thresher::scenarios
