// Filters in order, then the sending; again for each time that a filter proceeds. Another sending
// is another message: the callee may still have the one before.
#include "thresher/runtime/grain/outgoing_chain.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/silo_core.h"

#include <variant>

namespace thresher::runtime {

OutgoingChain::OutgoingChain(CallHandle& handle) noexcept
    : OutgoingCall{handle.message()}, handle_{handle} {}

void OutgoingChain::proceed() {
  THRESHER_ASSERT(depth_ <= handle_.core().outgoing_filters.size());
  const auto& filters = handle_.core().outgoing_filters;
  const std::size_t depth = depth_;
  if (depth == filters.size()) {
    send_and_wait();
    return;
  }
  depth_ = depth + 1;
  try {
    filters[depth]->invoke(*this);
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    bool conflict_here = false;
    CallError error = handle_.core().capture_current(conflict_here);
    fail_with(std::move(error));
  }
  depth_ = depth;
}

void OutgoingChain::send_and_wait() {
  Message& request = handle_.message();
  if (request.kind == MessageKind::one_way) {
    // The callee frees what it gets, and a filter may look at the call afterwards.
    CallHandle copy{handle_.core(), copy_of(request), handle_.options_};
    copy.send();
    return;
  }
  // The callee may use the arguments up, so what travels is a copy if there may be another time.
  if (sent_) handle_.replace_message(copy_of(request));
  message_ = &handle_.message();
  message_->keeps_arguments = true;
  sent_ = true;
  handle_.send();
  handle_.await_end(no_deadline);
  if (message_->end == CallEnd::answered) return;
  const CallError error = *handle_.failure();
  fail_with(error);
}

std::unique_ptr<Message> OutgoingChain::copy_of(const Message& message) {
  std::unique_ptr<Message> copy = message.copy_request();
  copy->target = message.target;
  copy->context = message.context;
  copy->chain = message.chain;
  return copy;
}

void OutgoingChain::own_outcome() {
  THRESHER_ASSERT(handle_.valid());
  if (handle_.message().is_home && handle_.message().end != CallEnd::none) {
    handle_.message().end = CallEnd::answered;
    return;
  }
  if (!handle_.message().is_home) handle_.replace_message(copy_of(handle_.message()));
  message_ = &handle_.message();
}

void OutgoingChain::run() {
  proceed();
  THRESHER_ASSERT(depth_ == 0);
  Message& message = handle_.message();
  if (message.kind == MessageKind::one_way || message.end != CallEnd::none) return;
  // A filter gave the outcome, or none at all.
  message.end = CallEnd::answered;
  if (message.failure || message.has_result()) return;
  if (message.result_place(typeid(std::monostate)) == nullptr) {
    message.failure = handle_.core().failure(Errc::rejected, "a filter gave no result");
  }
}

}  // namespace thresher::runtime
