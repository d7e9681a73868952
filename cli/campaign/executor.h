// Does tasks in this process: one engine, one run after another.
//
// Used by worker processes and, for a debugger's sake, by `replay --break-at` in the program's own
// process. Never throws for what a scenario reports; a crash of a scenario ends the process.
#pragma once

#include "thresher/cli/campaign/task.h"
#include "thresher/scenarios/scenario.h"
#include "thresher/sim/world.h"

#include <functional>
#include <span>

namespace thresher::cli {

using Scenarios = std::span<const scenarios::Scenario* const>;

class Executor {
 public:
  /// The scenarios are borrowed.
  explicit Executor(Scenarios scenarios) : scenarios_{scenarios} {}

  /// Does `task`; calls `starting(i)` before its run `i`. Problems are in the answer.
  Answer perform(const Task& task, const std::function<void(std::size_t)>& starting);

 private:
  Answer perform_detail(const scenarios::Scenario& scenario, const Task& task);

  Scenarios scenarios_;
  sim::Engine engine_;
};

/// The scenario of that name, or null.
const scenarios::Scenario* find(Scenarios scenarios, std::string_view name);

}  // namespace thresher::cli
