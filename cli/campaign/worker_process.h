// A worker process from the outside: started, given tasks, watched, reaped.
//
// Two kinds. An explorer is a fork of this process: cheap, and there is nothing to load. A twin, on
// which runs are done a second time, is started anew from the program's file with another address
// space layout, another malloc fill and another size of environment, so that whatever leaks from
// those into a run shows as a different trace hash.
#pragma once

#include "thresher/cli/campaign/channel.h"
#include "thresher/cli/campaign/worker.h"
#include "thresher/cli/problem.h"

#include <memory>
#include <string>
#include <sys/types.h>

namespace thresher::cli {

enum class WorkerKind : std::uint8_t { explorer, twin };

/// How workers are made; one for a whole campaign.
struct WorkerRecipe {
  Scenarios scenarios;
  WorkerLimits limits;
  /// The program's own file, of which twins are started as `FILE worker`; empty in unit tests,
  /// where twins are forks with another malloc fill.
  std::string program;
};

/// How a worker ended.
struct Death {
  int wait_status = 0;
  DeathCause cause = DeathCause::unknown;
  /// The parent killed it because a run took too long, or held too much memory.
  bool hung = false;
  bool over_memory = false;
  /// What it wrote to standard output and error during its last task.
  std::string output;

  /// Whether somebody else killed it, most likely the kernel for lack of memory: then nothing is
  /// known about the run.
  bool killed_from_outside() const noexcept;
};

/// What a death means for the run that was going on: verdict crash, a label, words.
sim::RunResult result_of(const Death& death);

class WorkerProcess {
 public:
  /// `generation` varies what twins vary. Errors: no process to be had.
  static Parsed<std::unique_ptr<WorkerProcess>> start(const WorkerRecipe& recipe, WorkerKind kind,
                                                      std::uint64_t generation);
  /// Kills it if it still lives.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  Channel& channel() noexcept { return channel_; }
  const WorkerStatus& status() const noexcept { return *status_; }
  pid_t pid() const noexcept { return pid_; }
  /// Bytes it holds in memory now, 0 when unknown.
  std::uint64_t resident_bytes() const;
  /// Forgets what it wrote and where it was, before a new task.
  void begin_task();
  std::string output() const;
  /// Asks for the running fiber's stack, waits for it up to a second, and kills the process.
  void kill_with_stacks();
  void kill();
  /// Waits for its end. Once.
  Death reap();

 private:
  WorkerProcess(pid_t pid, Channel channel, Descriptor output, WorkerStatus* status);

  pid_t pid_;
  Channel channel_;
  Descriptor output_;
  WorkerStatus* status_;
  bool reaped_ = false;
};

}  // namespace thresher::cli
