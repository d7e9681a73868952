// Helper threads for what may block: SQLite, files, compilers, drivers.
//
// A job owns its body; whoever waits for it may give up (write it off), and then the helper runs on
// alone and touches nothing of the waiter's. Threads are made on demand up to a limit, kept when
// idle, and detached: one that never returns must not keep the process from ending. The pool's
// state is shared with its threads, which may outlive it. Any thread may call everything here.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/runtime/base/unique_function.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace thresher::runtime::detail {

/// One blocking call. Shared by its waiter and its helper, since either may leave first.
class BlockingJob {
 public:
  /// `on_done` is called by the helper at the end, under the job's lock, unless written off before:
  /// it must be short.
  BlockingJob(Task body, Task on_done) : body_{std::move(body)}, on_done_{std::move(on_done)} {}

  /// Waits, blocking the thread, until it is done or `span` has passed; true when done.
  bool wait_for(Duration span);
  /// From now on `on_done` is not called any more; true when the job was not done.
  bool write_off() noexcept;

 private:
  friend class HelperPool;
  void run() noexcept;
  bool written_off() noexcept;

  Task body_;
  Task on_done_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  bool written_off_ = false;
};

class HelperPool {
 public:
  /// At most `threads_max` helpers that are not written off; more jobs queue.
  explicit HelperPool(std::size_t threads_max);
  HelperPool(const HelperPool&) = delete;
  HelperPool& operator=(const HelperPool&) = delete;
  /// Lets idle helpers end, and drops jobs that have not begun. Waits for none.
  ~HelperPool();

  void submit(std::shared_ptr<BlockingJob> job);
  /// Gives up on `job`. A helper that runs it does not count towards the limit any more.
  void write_off(const std::shared_ptr<BlockingJob>& job);
  /// Jobs given up while they ran, ever, and of these the ones that still run.
  std::uint64_t written_off_ever() const;
  std::uint64_t written_off_now() const;

 private:
  struct State;
  static void help(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;  // Shared with the helper threads.
};

}  // namespace thresher::runtime::detail
