// A spin lock for a few instructions on state that threads share.
//
// Never held over a park, a call into a seam other than `Scheduler::unpark`, or user code other
// than a value's move. In simulation it is never contended. After a while of spinning the OS thread
// yields, since with more threads than cores the holder may have been suspended.
#pragma once

#include <sched.h>

#include <atomic>

namespace thresher::runtime {

/// Mutual exclusion between OS threads; meets BasicLockable, so std::lock_guard holds it.
class ShortLock {
 public:
  void lock() noexcept {
    for (unsigned spins = 1; flag_.exchange(true, std::memory_order_acquire); ++spins) {
      if (spins % spins_before_yield == 0) ::sched_yield();
    }
  }
  void unlock() noexcept { flag_.store(false, std::memory_order_release); }

 private:
  static constexpr unsigned spins_before_yield = 64;
  std::atomic<bool> flag_{false};
};

}  // namespace thresher::runtime
