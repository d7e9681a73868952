// The pump's loop. Between looking and parking the lock is held, so that no wake-up is lost.
// Deliveries happen in the order in which the notices were given.
#include "thresher/sim/device/completion_pump.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/driver_core.h"

#include <mutex>
#include <utility>

namespace thresher::sim {

namespace {

constexpr runtime::Operation sleep_operation{
    .verb = "await", .name = "device completions", .object = {}, .reads_only = true};

/// Registers the wait for a scope and takes it out under the lock, unwinding included.
class ParkedScope {
 public:
  ParkedScope(std::unique_lock<std::mutex>& lock, runtime::Wait*& place, runtime::Wait& wait)
      : lock_{lock}, place_{place} {
    THRESHER_ASSERT(place_ == nullptr);
    place_ = &wait;
  }
  ~ParkedScope() {
    if (!lock_.owns_lock()) lock_.lock();
    place_ = nullptr;
  }
  ParkedScope(const ParkedScope&) = delete;
  ParkedScope& operator=(const ParkedScope&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
  runtime::Wait*& place_;
};

}  // namespace

bool CompletionPump::add(const Notice& notice) {
  THRESHER_ASSERT(notice.sink != nullptr);
  notices_.push_back(notice);
  return !std::exchange(started_, true);
}

void CompletionPump::wake(runtime::Scheduler& scheduler) noexcept {
  if (parked_ != nullptr) scheduler.unpark(*parked_, runtime::WaitEnd::satisfied);
}

std::vector<Notice> CompletionPump::take_all() noexcept { return std::exchange(notices_, {}); }

std::vector<Delivery> CompletionPump::collect(DriverCore& core) {
  std::vector<Delivery> due;
  std::erase_if(notices_, [&](const Notice& notice) {
    const auto status = core.outcome(notice);
    if (status) due.push_back(Delivery{.notice = notice, .status = *status});
    return status.has_value();
  });
  return due;
}

void CompletionPump::run(DriverCore& core) {
  std::unique_lock lock{core.machine().lock()};
  THRESHER_ASSERT(started_);
  while (!core.closed()) {
    core.machine().advance(core.scheduler().now());
    const std::vector<Delivery> due = collect(core);
    if (due.empty()) {
      runtime::Wait wait{sleep_operation};
      wait.serves_foreground = !notices_.empty();
      const runtime::TimePoint next =
          notices_.empty() ? runtime::no_deadline : core.machine().next_end();
      const ParkedScope parked{lock, parked_, wait};
      lock.unlock();
      core.scheduler().park_until(wait, next);
      continue;
    }
    lock.unlock();
    for (const Delivery& delivery : due) {
      delivery.notice.sink->complete(delivery.notice.token, delivery.status);
    }
    lock.lock();
  }
}

}  // namespace thresher::sim
