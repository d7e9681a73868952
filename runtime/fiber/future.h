// Promise and Future: one value, set once, waited for by any number of fibers of any worker.
//
// A Promise that is destroyed unset breaks its Future with `process_gone` while unwinding and
// `closed` otherwise, so that nobody waits for what cannot come. Setting never parks.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace thresher::runtime {

namespace detail {

/// The untyped half: the flag, the waiters and their short lock.
class FutureCore {
 public:
  FutureCore(Scheduler& scheduler, const char* name);
  FutureCore(const FutureCore&) = delete;
  FutureCore& operator=(const FutureCore&) = delete;
  ~FutureCore();
  bool ready() const noexcept { return ready_.load(std::memory_order_acquire); }
  /// Marks it set, once (asserted), and wakes every waiter; any thread.
  void set_ready() noexcept;
  /// Errors: timeout, cancelled.
  Result<void> wait(const CancellationToken& token, TimePoint deadline);
  Scheduler& scheduler() const noexcept { return scheduler_; }

  /// For waits on several cores: enters `entry` unless ready (then false); takes it out again.
  bool enter(ListedWait& entry) noexcept;
  void leave(ListedWait& entry) noexcept;

 private:
  Scheduler& scheduler_;
  Operation operation_;
  ShortLock lock_;
  std::atomic<bool> ready_{false};
  ListedWaits waiters_;
};

/// Parks until one of `cores` is ready and gives the index of the first one that is, in the order
/// given. Errors: timeout, cancelled. Requires: at least one core.
Result<std::size_t> wait_any(std::span<FutureCore* const> cores, const CancellationToken& token,
                             TimePoint deadline);

template <typename T>
struct FutureState : FutureCore {
  using FutureCore::FutureCore;
  std::optional<Result<T>> result;
};

}  // namespace detail

/// The reading end; copies share one state.
template <typename T>
class Future {
 public:
  Future() = default;
  bool valid() const noexcept { return state_ != nullptr; }
  bool ready() const noexcept { return state_->ready(); }
  /// Parks until it is set, leaving the value in place. Errors: timeout, cancelled.
  Result<void> wait(const CancellationToken& token = {},
                    TimePoint deadline = no_deadline) const {
    return state_->wait(token, deadline);
  }
  /// Parks, then gives a copy of what was set. Errors: timeout, cancelled, or the error set.
  Result<T> get(const CancellationToken& token = {}, TimePoint deadline = no_deadline) const {
    THRESHER_TRY_VOID(wait(token, deadline));
    return *state_->result;
  }
  /// The same, moved out: for the only reader.
  Result<T> take(const CancellationToken& token = {}, TimePoint deadline = no_deadline) {
    THRESHER_TRY_VOID(wait(token, deadline));
    return std::move(*state_->result);
  }

 private:
  template <typename U>
  friend class Promise;
  template <typename U>
  friend Result<std::size_t> when_any(std::span<const Future<U>> futures,
                                      const CancellationToken& token, TimePoint deadline);
  explicit Future(std::shared_ptr<detail::FutureState<T>> state) : state_{std::move(state)} {}
  // Shared by the promise and the copies of the future: the last one lets the value go.
  std::shared_ptr<detail::FutureState<T>> state_;
};

/// The writing end; movable, one owner.
template <typename T>
class Promise {
 public:
  explicit Promise(Scheduler& scheduler, const char* name = "promise")
      : state_{std::make_shared<detail::FutureState<T>>(scheduler, name)} {}
  Promise(Promise&&) noexcept = default;
  Promise& operator=(Promise&& other) noexcept {
    if (this != &other) {
      abandon();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Promise() { abandon(); }

  Future<T> future() const { return Future<T>{state_}; }
  /// Sets the result. Requires: not set before.
  void set(Result<T> result) {
    state_->result.emplace(std::move(result));
    state_->set_ready();
  }
  bool is_set() const noexcept { return state_->ready(); }

 private:
  void abandon() noexcept {
    if (state_ == nullptr || state_->ready()) return;
    const Errc why = state_->scheduler().unwinding() ? Errc::process_gone : Errc::closed;
    state_->result.emplace(fail(why));
    state_->set_ready();
  }

  std::shared_ptr<detail::FutureState<T>> state_;
};

/// Parks until every future is ready; results stay in the futures. Errors: timeout, cancelled.
template <typename T>
Result<void> when_all(std::span<const Future<T>> futures, const CancellationToken& token = {},
                      TimePoint deadline = no_deadline) {
  for (const Future<T>& future : futures) {
    THRESHER_TRY_VOID(future.wait(token, deadline));
  }
  return {};
}

/// Parks until a future is ready and gives the lowest index of those that are; results stay in the
/// futures. Errors: timeout, cancelled. Requires: at least one future.
template <typename T>
Result<std::size_t> when_any(std::span<const Future<T>> futures,
                             const CancellationToken& token = {},
                             TimePoint deadline = no_deadline) {
  std::vector<detail::FutureCore*> cores;
  cores.reserve(futures.size());
  for (const Future<T>& future : futures) cores.push_back(future.state_.get());
  return detail::wait_any(cores, token, deadline);
}

}  // namespace thresher::runtime
