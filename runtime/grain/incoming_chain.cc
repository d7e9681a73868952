// Silo-wide filters, then the grain's own, then the method. Exceptions of a filter become the
// call's failure before the filter around it goes on.
#include "thresher/runtime/grain/incoming_chain.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"

#include <variant>

namespace thresher::runtime {

IncomingChain::IncomingChain(Activation& activation, Message& message,
                             const CancellationToken& token) noexcept
    : IncomingCall{message}, activation_{activation}, token_{token} {
  message.keeps_arguments = true;  // A filter may call the method again.
}

IncomingCallFilter* IncomingChain::filter_at(std::size_t depth) const noexcept {
  const auto& of_silo = activation_.core().incoming_filters;
  if (depth < of_silo.size()) return of_silo[depth].get();
  return depth == of_silo.size() ? activation_.grain_filter_ : nullptr;
}

void IncomingChain::proceed() {
  const std::size_t depth = depth_;
  IncomingCallFilter* const filter = filter_at(depth);
  if (filter == nullptr) {
    activation_.invoke_method(*message_, token_);
    return;
  }
  depth_ = depth + 1;
  try {
    filter->invoke(*this);
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    message_->failure = activation_.core().capture_current(message_->conflict_here);
  }
  depth_ = depth;
}

void IncomingChain::run() {
  proceed();
  THRESHER_ASSERT(depth_ == 0);
  const bool needs_result = message_->kind == MessageKind::request;
  if (!needs_result || message_->failure || message_->has_result()) return;
  // A filter left the method out: fine where there is nothing to give.
  if (message_->result_place(typeid(std::monostate)) == nullptr) {
    message_->failure = activation_.core().failure(Errc::rejected, "a filter gave no result");
  }
}

}  // namespace thresher::runtime
