// What the parent asks a worker process to do and what it answers: tasks, outcomes, totals.
//
// A task is many runs that share their settings, so that a message costs little a run. All sums are
// order-independent: totals of two tasks added in any order are equal, which is what makes a
// campaign's result independent of the number of jobs. Nothing here knows of processes.
#pragma once

#include "thresher/runtime/base/hash.h"
#include "thresher/runtime/base/time.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/verdict.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thresher::cli {

/// What all runs of a task share; with a RunSpec it makes a run's key.
struct RunSettings {
  std::string scenario;
  std::string profile = "default";
  std::map<std::string, std::string> knobs;
  /// The plan's JSON text, or empty, and the file it was read from (for the reproducing command).
  std::string plan;
  std::string plan_path;
  /// Only this label is judged when not empty.
  std::string only;
};

/// What varies within a task.
struct RunSpec {
  std::uint64_t seed = 0;
  sim::StrategySpec strategy;
};

sim::RunKey key_of(const RunSettings& settings, const RunSpec& spec);

/// Asks for one run with everything it has to tell; see Task.
struct Detail {
  /// Files to write or read; empty for none.
  std::string tape_out;
  std::string trace_out;
  std::string tape_in;
  sim::ReplayMode replay_mode = sim::ReplayMode::strict;
  std::uint64_t break_at_step = 0;
};

struct Task {
  RunSettings settings;
  std::vector<RunSpec> runs;
  /// Tell every run's outcome, in order, instead of the noteworthy ones.
  bool all_outcomes = false;
  /// Present for a task of exactly one run whose whole result is wanted.
  std::optional<Detail> detail;
};

/// A run in brief: enough to group it, to run it again and to compare the two.
struct [[nodiscard]] Outcome {
  RunSpec spec;
  sim::Verdict verdict = sim::Verdict::survived;
  std::string label;
  std::uint64_t steps = 0;
  std::uint64_t trace_hash = 0;

  bool failed() const noexcept { return verdict != sim::Verdict::survived; }
  /// Whether both are what one key must always give. How a crash shows itself (which signal, after
  /// how long) is not promised: what a program with a wild pointer meets depends on its layout.
  bool same_run(const Outcome& other) const {
    if (verdict == sim::Verdict::crash && other.verdict == sim::Verdict::crash) return true;
    return verdict == other.verdict && label == other.label && steps == other.steps &&
           trace_hash == other.trace_hash;
  }
};

/// Runs and failures under one strategy.
struct StrategyTotals {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
};

/// Sums over any number of runs of one scenario.
struct Totals {
  std::uint64_t runs = 0;
  std::uint64_t failed = 0;
  std::uint64_t steps_sum = 0;
  std::uint64_t steps_min = UINT64_MAX;
  std::uint64_t steps_max = 0;
  std::uint64_t at_step_bound = 0;
  std::uint64_t fibers_abandoned = 0;
  runtime::Duration virtual_time{};
  /// `sometimes` label -> number of runs in which it held; 0 for those only declared.
  std::map<std::string, std::uint64_t> reached;
  /// By the strategy's name without its estimated length ("pct:d=3").
  std::map<std::string, StrategyTotals> strategies;

  void add(const sim::StrategySpec& strategy, const sim::RunResult& result);
  void add(const Totals& other);
};

/// A strategy's name without what is only an estimate of the scenario's length.
std::string family(const sim::StrategySpec& strategy);

/// Whether the run of that seed is among the 5 % that are run twice though they survived. A
/// function of the seed alone, so that it does not matter who runs it.
constexpr bool chosen_for_twin(std::uint64_t seed) noexcept {
  return runtime::mix(seed ^ 0x7477696e) % 20 == 0;
}

/// What a worker answers to a task.
struct Answer {
  Totals totals;
  /// Every run that failed, and every one chosen to be run twice.
  std::vector<Outcome> outcomes;
  /// The whole result, for a task with Detail (without the tape: that went to its file).
  std::optional<sim::RunResult> detail;
  /// Why the task could not be done, "" when it was: a knob, plan or tape that does not fit.
  std::string problem;
  /// The exit code that goes with the problem (usage or harness).
  int problem_code = 0;
};

/// The brief form of one run's result.
Outcome outcome_of(const RunSpec& spec, const sim::RunResult& result);

}  // namespace thresher::cli
