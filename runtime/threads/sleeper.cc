// Sleeping by futex: absolute deadlines of the monotonic clock, no lock and no allocation. The
// kernel compares the word once more under its own lock, so a wake between is not lost.
#include "thresher/runtime/threads/sleeper.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime::detail {
namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t),
              "the kernel reads the atomic as a plain word");

timespec timespec_of(TimePoint time) noexcept {
  constexpr std::int64_t second = 1'000'000'000;
  const std::int64_t count = time.time_since_epoch().count();
  return timespec{.tv_sec = count / second, .tv_nsec = count % second};
}

}  // namespace

void Sleeper::sleep(TimePoint deadline) noexcept {
  THRESHER_ASSERT(deadline.time_since_epoch().count() >= 0);
  const timespec until = timespec_of(deadline);
  ::syscall(SYS_futex, &sleeping_, FUTEX_WAIT_BITSET_PRIVATE, 1,
            deadline == no_deadline ? nullptr : &until, nullptr, FUTEX_BITSET_MATCH_ANY);
  sleeping_.store(0, std::memory_order_relaxed);
}

void Sleeper::wake_sleeper() noexcept {
  if (sleeping_.exchange(0, std::memory_order_seq_cst) == 0) return;
  ::syscall(SYS_futex, &sleeping_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace thresher::runtime::detail
