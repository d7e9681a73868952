// A number of places to work, each with its worker processes, and the watchdog over them.
//
// A place works on one task at a time, on its explorer or on its twin; processes are started when
// they are first needed and replaced when they died. The crew knows nothing of campaigns: it is
// given tasks with tickets and tells what became of them. One thread; wall-clock time is used for
// the watchdog alone.
#pragma once

#include "thresher/cli/campaign/task.h"
#include "thresher/cli/campaign/worker_process.h"

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

namespace thresher::cli {

struct CrewLimits {
  std::uint32_t jobs = 1;
  /// Wall-clock time of one run before it is a hang.
  std::chrono::milliseconds run_timeout{60'000};
  /// Bytes a worker may hold in memory, 0 for no limit.
  std::uint64_t memory_bytes = 0;
};

/// The limit of one run: 60 s, and ten times that under sanitizers.
std::chrono::milliseconds default_run_timeout();

/// What became of a task: an answer, or a death during the run at `position`.
struct Done {
  std::uint64_t ticket = 0;
  std::optional<Answer> answer;
  std::optional<Death> death;
  std::size_t position = 0;
};

class Crew {
 public:
  Crew(WorkerRecipe recipe, CrewLimits limits);
  ~Crew();

  /// Whether a place is free.
  bool has_room() const noexcept;
  std::uint32_t busy() const noexcept;
  /// Gives a task to a free place. Requires: has_room(). Errors: no process to be had.
  Parsed<void> give(std::uint64_t ticket, WorkerKind kind, const Task& task);
  /// Waits up to `patience` and tells which tasks are done; returns early when one is, or when a
  /// signal arrives.
  std::vector<Done> wait(std::chrono::milliseconds patience);
  /// Kills all workers and forgets their tasks.
  void dismiss();

 private:
  struct Place;

  Parsed<void> ensure_worker(Place& place, WorkerKind kind);
  std::optional<Done> collect(Place& place, bool readable);
  void watch(Place& place);
  Done bury(Place& place);

  WorkerRecipe recipe_;
  CrewLimits limits_;
  std::vector<std::unique_ptr<Place>> places_;
  std::uint64_t generation_ = 0;
};

/// Does one task in a process of its own.
Parsed<Done> do_alone(const WorkerRecipe& recipe, const CrewLimits& limits, const Task& task,
                      WorkerKind kind = WorkerKind::explorer);

}  // namespace thresher::cli
