// A worker process from the inside: takes tasks from its channel, does them, answers.
//
// It tells the parent through a shared page which run it is in, so that a crash or a hang costs
// that one seed and nothing is written for a run that goes well. It ends with its parent and
// ignores Ctrl-C, which is the parent's to handle. No threads.
#pragma once

#include "thresher/cli/campaign/executor.h"

#include <atomic>
#include <cstdint>

namespace thresher::cli {

/// Why a worker ended, as far as it could tell itself.
enum class DeathCause : std::uint32_t { unknown, stack_overflow, memory_limit };

/// The page that a worker shares with its parent; the worker writes, the parent reads.
struct WorkerStatus {
  /// Grows with every run started: the parent's watchdog looks at it.
  std::atomic<std::uint64_t> runs_started{0};
  /// Index, within the task, of the run in progress.
  std::atomic<std::uint64_t> position{0};
  /// True once the worker has written its stacks because it was asked to.
  std::atomic<bool> stacks_written{false};
  std::atomic<DeathCause> cause{DeathCause::unknown};
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Where a worker finds its ends, whoever started it: descriptors by convention.
inline constexpr int worker_channel_fd = 3;
inline constexpr int worker_status_fd = 4;

/// What a worker obeys from its start.
struct WorkerLimits {
  /// Bytes of data it may hold; 0 for no limit. Ignored under sanitizers, whose shadow would count.
  std::uint64_t memory_bytes = 0;
};

/// Serves tasks until the channel closes; gives the process's exit code. Requires: the two
/// descriptors above are open, and the process has one thread.
int serve_tasks(Scenarios scenarios, const WorkerLimits& limits);

}  // namespace thresher::cli
