// The rule, step by step. Only the predicate is user code: it must not park, and what it throws
// refuses the request.
#include "thresher/runtime/grain/admission.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/grain/request_view.h"

namespace thresher::runtime {

Admission admit(Message& incoming, const RunningView& running, const GrainClassOptions& options) {
  THRESHER_ASSERT(!running.nothing_runs || running.blocking == nullptr);
  if (running.nothing_runs) return Admission::admit;
  if (incoming.always_interleaves()) return Admission::admit;
  if (running.blocking == nullptr) return Admission::admit;
  if (incoming.read_only() && running.blocking->read_only()) return Admission::admit;
  if (running.chain_is_open) return Admission::admit;
  if (options.reentrant) return Admission::admit;
  if (options.may_interleave == nullptr) return Admission::wait;
  try {
    const bool passes = options.may_interleave(RequestView{incoming}) ||
                        options.may_interleave(RequestView{*running.blocking});
    return passes ? Admission::admit : Admission::wait;
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    return Admission::refuse;
  }
}

bool only_special_requests_pass(const GrainClassOptions& options) noexcept {
  return !options.reentrant && options.may_interleave == nullptr;
}

bool is_special(const Message& message) noexcept {
  THRESHER_ASSERT(!message.running);
  return message.always_interleaves() || message.read_only() || message.chain != 0;
}

}  // namespace thresher::runtime
