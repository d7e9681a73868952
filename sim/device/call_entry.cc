// Entering, blocking in and refusing calls. Host time is charged before the call acts, so that what
// it does, it does at one instant.
#include "thresher/sim/device/call_entry.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {

using gpu::DriverResult;
using gpu::Status;
using runtime::TimePoint;

namespace {

constexpr runtime::Operation blocked_operation{
    .verb = "blocked in", .name = "driver call", .object = {}, .reads_only = true};

/// Keeps a wait in the list for a scope; takes it out under the lock, unwinding included.
class BlockedScope {
 public:
  BlockedScope(std::unique_lock<std::mutex>& lock, runtime::WaitList& list, runtime::Wait& wait)
      : lock_{lock}, list_{list}, wait_{wait} {
    THRESHER_ASSERT(lock_.owns_lock());
    list_.push_back(wait_);
  }
  ~BlockedScope() {
    if (!lock_.owns_lock()) lock_.lock();
    list_.remove(wait_);
  }
  BlockedScope(const BlockedScope&) = delete;
  BlockedScope& operator=(const BlockedScope&) = delete;

 private:
  std::unique_lock<std::mutex>& lock_;
  runtime::WaitList& list_;
  runtime::Wait& wait_;
};

}  // namespace

CallEntry::CallEntry(std::shared_ptr<DriverCore> core, gpu::DriverCall call)
    : core_{std::move(core)}, call_{call}, lock_{core_->machine().lock(), std::defer_lock} {
  admit(Charge::at_entry);
}

CallEntry::CallEntry(std::shared_ptr<DriverCore> core, gpu::DriverCall call,
                     gpu::ContextHandle context, Charge charge)
    : core_{std::move(core)},
      call_{call},
      handle_{context},
      has_context_{true},
      lock_{core_->machine().lock(), std::defer_lock} {
  admit(charge);
}

void CallEntry::admit(Charge charge) {
  THRESHER_ASSERT(!lock_.owns_lock());
  if (core_->scheduler().unwinding()) {
    status_ = Status{.code = DriverResult::process_gone};
    return;
  }
  if (has_context_) report_stale();
  core_->charge(call_, charge == Charge::at_entry ? cost() : runtime::Duration{0});
  lock_.lock();
  now_ = core_->scheduler().now();
  core_->machine().advance(now_);
  status_ = has_context_ ? core_->admit(handle_) : core_->process_status();
}

// Asked before time is charged: a context that another fiber destroys meanwhile was no misuse. A
// context that a fault took away still has its place in the table and is no misuse either.
void CallEntry::report_stale() {
  if (core_->options().watch == nullptr) return;
  const std::lock_guard guard{core_->machine().lock()};
  if (!core_->process_status().ok() || core_->find(handle_) != nullptr) return;
  core_->options().watch->stale_handle(call_);
}

Status CallEntry::refuse(DriverResult code) {
  THRESHER_ASSERT(code != DriverResult::success);
  THRESHER_ASSERT(status_.ok());
  if (code == DriverResult::invalid_handle && core_->options().watch != nullptr) {
    core_->options().watch->stale_handle(call_);
  }
  status_.code = code;
  return status_;
}

void CallEntry::overlook() {
  const ContextState* context = core_->find(handle_);
  THRESHER_ASSERT(context != nullptr && context->sticky.ok());
  THRESHER_ASSERT(core_->process_status().ok());
  status_ = Status{};
}

ContextState& CallEntry::context() {
  THRESHER_ASSERT(!refused() && lock_.owns_lock());
  ContextState* context = core_->find(handle_);
  THRESHER_ASSERT(context != nullptr);
  return *context;
}

SimulatedDevice& CallEntry::device() { return core_->machine().device(context().device); }

runtime::Duration CallEntry::cost() const {
  // All devices of a machine charge alike: the host's time is the host's.
  return core_->machine().device(gpu::DeviceOrdinal{0}).profile().host_cost(call_);
}

void CallEntry::charge() { spend(cost()); }

void CallEntry::spend(runtime::Duration cost) {
  THRESHER_ASSERT(!refused());
  if (cost.count() == 0) return;
  lock_.unlock();
  core_->scheduler().spend(cost);
  lock_.lock();
  now_ = core_->scheduler().now();
  core_->machine().advance(now_);
  status_ = has_context_ ? core_->admit(handle_) : core_->process_status();
}

Status CallEntry::wait_until(runtime::UniqueFunction<bool()> done, TimePoint give_up) {
  THRESHER_ASSERT(!refused());
  auto& scheduler = core_->scheduler();
  while (!done() && now_ < give_up) {
    if (core_->options().watch != nullptr &&
        scheduler.current_worker().value < scheduler.worker_count()) {
      core_->options().watch->blocks_worker(call_);
    }
    runtime::Wait wait{blocked_operation};
    const TimePoint next = std::min(core_->machine().next_end(), give_up);
    {
      const BlockedScope blocked{lock_, core_->blocked(), wait};
      lock_.unlock();
      scheduler.park_until(wait, next);
    }
    now_ = scheduler.now();
    core_->machine().advance(now_);
    status_ = has_context_ ? core_->admit(handle_) : core_->process_status();
    if (refused()) break;
  }
  return status_;
}

Status CallEntry::wait_for_context(TimePoint give_up) {
  Timeline& timeline = device().timeline();
  const DeviceContextId id = context().id;
  const std::uint64_t before = timeline.next_sequence();
  return wait_until([&timeline, id, before] { return !timeline.busy(id, before); }, give_up);
}

}  // namespace thresher::sim
