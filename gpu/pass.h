// Pass: the one door through which the layer calls the driver.
//
// Whoever holds a Pass is inside the gate of its context (or node), in the epoch that the Pass
// names; every driver call asserts that, so that a stale handle cannot reach the driver. Calls
// that the driver marks [may_block] go through Scheduler::run_blocking; one that does not come
// back in time makes its context answer nothing but Full. Results are turned into errors by
// class, and sticky ones are noted. Held by one fiber, for a few driver calls; never while
// waiting for the device.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/gate.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/scheduler.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace thresher::gpu {

class DeviceContext;
class DeviceNode;

class Pass {
 public:
  /// `context` is null for calls that name a device only. `shared` is empty where the caller holds
  /// the gate alone. Made by DeviceContext and DeviceNode.
  Pass(DeviceNode& node, DeviceContext* context, Gate::Shared shared,
       runtime::TimePoint deadline) noexcept;
  Pass(Pass&&) noexcept = default;
  Pass& operator=(Pass&&) noexcept = default;

  std::uint64_t epoch() const noexcept { return epoch_; }

  /// `call(driver, context handle)` answers at once. Gives its value, or its error by class.
  template <typename F>
  auto prompt(DriverCall which, F&& call) {
    check_current();
    return settle(which, std::forward<F>(call)(*driver_, handle_));
  }

  /// The same for queries: true for success, false for not_ready.
  template <typename F>
  runtime::Result<bool> query(DriverCall which, F&& call) {
    check_current();
    const Status status = std::forward<F>(call)(*driver_, handle_);
    if (status.code == DriverResult::not_ready) {
      record(which, status);
      return false;
    }
    THRESHER_TRY_VOID(settle(which, status));
    return true;
  }

  /// `call` may block for ever: it must own what it touches. Errors: also timeout, after which the
  /// context is lost.
  template <typename F>
  auto blocking(DriverCall which, F call) {
    using Answered = std::invoke_result_t<F&, Driver&, ContextHandle>;
    using Settled = decltype(settle(which, std::declval<Answered>()));
    check_current();
    // Shared with the helper, which may come back when nobody waits any more.
    auto answer = std::make_shared<std::optional<Answered>>();
    const runtime::Result<void> ran = run_blocking(
        which, [answer, driver = driver_, handle = handle_, call = std::move(call)]() mutable {
          answer->emplace(call(*driver, handle));
        });
    if (!ran) return Settled{runtime::Unexpected{ran.error()}};
    THRESHER_ASSERT(answer->has_value());
    return settle(which, std::move(**answer));
  }

  /// Leaves the gate before the end of the scope.
  void leave() noexcept { shared_.leave(); }

 private:
  void check_current() const noexcept;
  void record(DriverCall which, Status status) const noexcept;
  runtime::Result<void> run_blocking(DriverCall which, runtime::Task body);
  runtime::Result<void> settle(DriverCall which, Status status);
  template <typename T>
  runtime::Result<T> settle(DriverCall which, Answer<T> answer) {
    const runtime::Result<void> settled =
        settle(which, answer.has_value() ? Status{} : answer.error());
    if (!settled) return runtime::Unexpected{settled.error()};
    return std::move(answer).value_unchecked();
  }

  DeviceNode* node_;
  DeviceContext* context_;
  Driver* driver_;
  ContextHandle handle_;
  std::uint64_t epoch_ = 0;
  Gate::Shared shared_;
  runtime::TimePoint deadline_;
};

}  // namespace thresher::gpu
