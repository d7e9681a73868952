// Call filters: code around every call, on the callee's side and on the caller's.
//
// Incoming filters run in the callee's turn: the silo's in order of registration, then the grain
// itself if it is an IncomingCallFilter, then the method. Outgoing filters run on the caller's
// fiber, in order. A filter may change arguments and result, replace or swallow a failure, leave
// `proceed` out, or call it again. Timer ticks pass the incoming filters too.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/message.h"

#include <cstddef>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <variant>

namespace thresher::runtime {

/// What both sides see of a call. Valid during `invoke` only.
class CallView {
 public:
  explicit CallView(Message& message) noexcept : message_{&message} {}
  virtual ~CallView() = default;

  const GrainId& grain() const noexcept { return message_->target; }
  const MethodInfo& method() const noexcept { return message_->method; }
  bool is_timer_tick() const noexcept { return message_->kind == MessageKind::timer_tick; }

  /// The i-th argument. Requires: it is a T.
  template <typename T>
  T& argument(std::size_t index) {
    void* at = message_->argument(index, typeid(T));
    THRESHER_ASSERT(at != nullptr);
    return *static_cast<T*>(at);
  }
  bool has_result() const noexcept { return !message_->failure && message_->has_result(); }
  /// The result. Requires: has_result(), and it is a T.
  template <typename T>
  T& result() {
    THRESHER_ASSERT(has_result());
    return *static_cast<T*>(message_->result_place(typeid(T)));
  }
  /// Sets the result, and clears a failure. Requires: the method's result is a T.
  template <typename T>
  void set_result(T value) {
    own_outcome();
    void* at = message_->result_place(typeid(T));
    THRESHER_ASSERT(at != nullptr);
    *static_cast<T*>(at) = std::move(value);
    message_->failure.reset();
  }
  /// Makes a call without a result succeed. Requires: the method gives void.
  void set_done() { set_result(std::monostate{}); }
  /// Why there is no result, or null.
  const CallError* failure() const noexcept {
    return message_->failure ? &*message_->failure : nullptr;
  }
  /// Makes the call fail with `error`.
  void fail_with(CallError error) {
    own_outcome();
    message_->failure = std::move(error);
  }

  /// Runs what comes next: the next filter, and at last the method (or the sending). Afterwards
  /// there is a result or a failure. May be called again.
  virtual void proceed() = 0;

 protected:
  /// Makes sure that nobody else writes the outcome.
  virtual void own_outcome() {}
  Message* message_;
};

class IncomingCall : public CallView {
 public:
  using CallView::CallView;
};
class OutgoingCall : public CallView {
 public:
  using CallView::CallView;
  /// What flows to the callee; changes concern this call only.
  RequestContext& context() noexcept { return message_->context; }
};

/// Owned by the silo, used by all its workers: must not keep state without care for threads.
class IncomingCallFilter {
 public:
  virtual ~IncomingCallFilter() = default;
  /// May park and throw; what is thrown becomes the call's failure.
  virtual void invoke(IncomingCall& call) = 0;
};

class OutgoingCallFilter {
 public:
  virtual ~OutgoingCallFilter() = default;
  /// May park and throw; what is thrown becomes the call's failure.
  virtual void invoke(OutgoingCall& call) = 0;
};

}  // namespace thresher::runtime
