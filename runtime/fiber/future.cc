// The untyped half of Promise and Future. A wait enters the list of every future that it waits on,
// and takes itself out of each under that one's lock before it returns.
#include "thresher/runtime/fiber/future.h"

#include "thresher/runtime/base/assert.h"

#include <deque>
#include <mutex>

namespace thresher::runtime::detail {
namespace {

using Guard = std::lock_guard<ShortLock>;

/// One wait's entry in one core, for a scope of the waiting fiber.
class CoreEntry {
 public:
  CoreEntry(FutureCore& core, Wait& wait) noexcept
      : core_{core}, entry_{wait}, entered_{core.enter(entry_)} {}
  CoreEntry(const CoreEntry&) = delete;
  CoreEntry& operator=(const CoreEntry&) = delete;
  ~CoreEntry() { core_.leave(entry_); }
  bool entered() const noexcept { return entered_; }

 private:
  FutureCore& core_;
  ListedWait entry_;
  bool entered_;
};

Result<std::size_t> first_ready(std::span<FutureCore* const> cores) {
  for (std::size_t i = 0; i < cores.size(); ++i) {
    if (cores[i]->ready()) return i;
  }
  return fail(Errc::timeout);
}

}  // namespace

FutureCore::FutureCore(Scheduler& scheduler, const char* name)
    : scheduler_{scheduler},
      operation_{.verb = "await", .name = name, .object = scheduler.new_object(),
                 .reads_only = true} {}

FutureCore::~FutureCore() { THRESHER_ASSERT(waiters_.empty() || scheduler_.unwinding()); }

void FutureCore::set_ready() noexcept {
  const Guard guard{lock_};
  THRESHER_ASSERT(!ready_.load(std::memory_order_relaxed));
  ready_.store(true, std::memory_order_release);
  while (ListedWait* const entry = waiters_.pop_front()) {
    scheduler_.unpark(*entry->wait, WaitEnd::satisfied);
  }
}

bool FutureCore::enter(ListedWait& entry) noexcept {
  const Guard guard{lock_};
  if (ready_.load(std::memory_order_relaxed)) return false;
  waiters_.push_back(entry);
  return true;
}

void FutureCore::leave(ListedWait& entry) noexcept {
  const Guard guard{lock_};
  if (entry.listed) waiters_.remove(entry);
}

Result<void> FutureCore::wait(const CancellationToken& token, TimePoint deadline) {
  scheduler_.touch(operation_);
  // No look at the flag without the lock: whoever sees it set may let the promise go, and the one
  // that set it must have left the lock by then.
  Wait wait{operation_};
  const CoreEntry entry{*this, wait};
  if (!entry.entered()) return {};
  return result_of(token.park(scheduler_, wait, deadline));
}

Result<std::size_t> wait_any(std::span<FutureCore* const> cores, const CancellationToken& token,
                             TimePoint deadline) {
  THRESHER_ASSERT(!cores.empty());
  Scheduler& scheduler = cores.front()->scheduler();
  const Operation operation{.verb = "await any", .name = "futures", .reads_only = true};
  scheduler.touch(operation);
  if (const auto ready = first_ready(cores)) return ready;
  Wait wait{operation};
  std::deque<CoreEntry> entries;  // A deque, since entries must stay where they are.
  for (FutureCore* const core : cores) {
    if (!entries.emplace_back(*core, wait).entered()) return first_ready(cores);
  }
  THRESHER_TRY_VOID(result_of(token.park(scheduler, wait, deadline)));
  return first_ready(cores);
}

}  // namespace thresher::runtime::detail
