// Puts an OS thread to sleep until another one wakes it or an instant passes.
//
// Protocol, so that no wake is lost: the sleeper calls `prepare`, looks for work once more, and
// then either `cancel`s or `sleep`s; who brings work publishes it first and then calls `wake`,
// which costs one load when nobody sleeps. A sleep may also end for no reason. One sleeping thread
// an object.
#pragma once

#include "thresher/runtime/base/time.h"

#include <atomic>
#include <cstdint>

namespace thresher::runtime::detail {

class Sleeper {
 public:
  /// Says that the thread is about to sleep. Thread: the sleeper's.
  void prepare() noexcept { sleeping_.store(1, std::memory_order_seq_cst); }
  /// Takes `prepare` back. Thread: the sleeper's.
  void cancel() noexcept { sleeping_.store(0, std::memory_order_relaxed); }
  /// Sleeps until woken or until `deadline` of the monotonic clock. Thread: the sleeper's.
  void sleep(TimePoint deadline) noexcept;
  /// Ends the sleep if there is one. Any thread.
  void wake() noexcept {
    if (sleeping_.load(std::memory_order_seq_cst) != 0) wake_sleeper();
  }

 private:
  void wake_sleeper() noexcept;

  std::atomic<std::uint32_t> sleeping_{0};
};

}  // namespace thresher::runtime::detail
