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
/// The result of a call of M that has ended, moved out or copied.
template <typename M, bool Move>
CallResult<typename M::Result> outcome(CallHandle& handle) {
  if (const CallError* error = handle.failure(); error != nullptr) return Unexpected{*error};
  if constexpr (std::is_void_v<typename M::Result>) {
    return {};
  } else {
    auto& result = static_cast<CallMessage<M>&>(handle.message()).result;
    THRESHER_ASSERT(result.has_value());
    if constexpr (Move) {
      return std::move(*result);
    } else {
      return *result;
    }
  }
}
}  // namespace detail

template <typename M>
class CallFuture {
 public:
  using ResultType = typename M::Result;

  CallFuture() noexcept = default;
  explicit CallFuture(CallHandle handle) noexcept : handle_{std::move(handle)} {}

  bool valid() const noexcept { return handle_.valid(); }
  bool ready() const noexcept { return handle_.ended(); }
  /// Parks until the call has ended. Errors: timeout, cancelled, of this wait: the call goes on.
  Result<void> wait(const CancellationToken& token = {}, TimePoint deadline = no_deadline) {
    return handle_.wait(token, deadline);
  }
  /// Parks until the call has ended, and gives a copy of its result; again and again the same.
  CallResult<ResultType> get() {
    handle_.wait({}, no_deadline).value();
    return detail::outcome<M, false>(handle_);
  }
  /// The same, moved out: once.
  CallResult<ResultType> take() {
    handle_.wait({}, no_deadline).value();
    return detail::outcome<M, true>(handle_);
  }
  CallHandle& handle() noexcept { return handle_; }

 private:
  CallHandle handle_;
};

/// Parks until every call has ended; results stay in the futures. Errors: timeout, cancelled.
template <typename M>
Result<void> when_all(std::span<CallFuture<M>> futures, const CancellationToken& token = {},
                      TimePoint deadline = no_deadline) {
  for (CallFuture<M>& future : futures) {
    THRESHER_TRY_VOID(future.wait(token, deadline));
  }
  return {};
}

/// Parks until one call has ended and gives its index. Errors: invalid_argument when there is no
/// future, timeout, cancelled.
template <typename M>
Result<std::size_t> when_any(std::span<CallFuture<M>> futures, const CancellationToken& token = {},
                             TimePoint deadline = no_deadline) {
  std::vector<CallHandle*> handles;
  for (CallFuture<M>& future : futures) handles.push_back(&future.handle());
  return wait_for_any(handles, token, deadline);
}

}  // namespace thresher::runtime
