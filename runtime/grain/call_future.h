// The result of a call that was started and not waited for.
//
// Move-only, on the worker that started the call; one fiber waits for it at a time. The message of
// the call is its state: nothing else is allocated. Dropping it drops the answer, not the call.
#pragma once

#include "thresher/runtime/grain/call_handle.h"
#include "thresher/runtime/grain/call_message.h"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace thresher::runtime {

namespace detail {
/// The result of a call that has ended, moved out or copied.
template <typename R, bool Move>
CallResult<R> outcome(CallHandle& handle) {
  if (const CallError* error = handle.failure(); error != nullptr) return Unexpected{*error};
  if constexpr (std::is_void_v<R>) {
    return {};
  } else {
    auto& result = static_cast<ResultMessage<R>&>(handle.message()).result;
    THRESHER_ASSERT(result.has_value());
    if constexpr (Move) {
      return std::move(*result);
    } else {
      return *result;
    }
  }
}
}  // namespace detail

/// Of a call whose result is an R, whatever the method.
template <typename R>
class CallFuture {
 public:
  CallFuture() noexcept = default;
  explicit CallFuture(CallHandle handle) noexcept : handle_{std::move(handle)} {}

  bool valid() const noexcept { return handle_.valid(); }
  bool ready() const noexcept { return handle_.ended(); }
  /// Parks until the call has ended. Errors: timeout, cancelled, of this wait: the call goes on.
  Result<void> wait(const CancellationToken& token = {}, TimePoint deadline = no_deadline) {
    return handle_.wait(token, deadline);
  }
  /// Parks until the call has ended, and gives a copy of its result; again and again the same.
  CallResult<R> get() {
    handle_.wait({}, no_deadline).value();
    return detail::outcome<R, false>(handle_);
  }
  /// The same, moved out: once.
  CallResult<R> take() {
    handle_.wait({}, no_deadline).value();
    return detail::outcome<R, true>(handle_);
  }
  CallHandle& handle() noexcept { return handle_; }

 private:
  CallHandle handle_;
};

/// Parks until every call has ended; results stay in the futures. Errors: timeout, cancelled.
template <typename R>
Result<void> when_all(std::span<CallFuture<R>> futures, const CancellationToken& token = {},
                      TimePoint deadline = no_deadline) {
  for (CallFuture<R>& future : futures) {
    THRESHER_TRY_VOID(future.wait(token, deadline));
  }
  return {};
}

/// Parks until one call has ended and gives its index. Errors: invalid_argument when there is no
/// future, timeout, cancelled.
template <typename R>
Result<std::size_t> when_any(std::span<CallFuture<R>> futures, const CancellationToken& token = {},
                             TimePoint deadline = no_deadline) {
  std::vector<CallHandle*> handles;
  for (CallFuture<R>& future : futures) handles.push_back(&future.handle());
  return wait_for_any(handles, token, deadline);
}

}  // namespace thresher::runtime
