// Entering, waiting and ordering, as every accelerator call does.
//
// Order of the checks: authority, closed, quarantine, condition, stamp; the driver comes last.
#include "thresher/gpu/accelerator_access.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::gpu {

using runtime::fail;
using runtime::Result;

Result<Pass> enter(AcceleratorState& state, const CallOptions& call, const Stamp& stamp) {
  if (!call.authority.valid()) return fail(runtime::Errc::refused, state.id.value);
  if (state.closed) return fail(*state.closed, state.id.value);
  THRESHER_TRY(pass, state.context->enter(stamp, call));
  if (state.closed) return fail(*state.closed, state.id.value);
  THRESHER_ASSERT(!state.streams.empty());
  give_back_dropped(state, pass);
  return pass;
}

Result<Pass> enter(AcceleratorState& state, const CallOptions& call) {
  return enter(state, call, state.context->stamp());
}

Result<void> wait_for(AcceleratorState& state, Completion& completion, std::uint64_t epoch,
                      const CallOptions& call) {
  THRESHER_TRY(status, state.node().hub().wait(completion, call.token, call.deadline));
  if (status.ok()) return {};
  state.context->note(status, epoch);
  return runtime::Unexpected{to_error(status, state.node().device().value)};
}

Result<void> order_after(AcceleratorState& state, Pass& pass, std::uint32_t stream,
                         const StreamUses& uses) {
  for (const StreamUse& use : uses.all()) {
    const Stream& other = state.streams[use.stream];
    if (use.stream == stream || other.done(use.sequence)) continue;
    THRESHER_TRY(event, state.context->take_event(pass));
    const StreamHandle handle = state.streams[stream].handle;
    THRESHER_TRY_VOID(pass.prompt(
        DriverCall::event_record, [&](Driver& driver, ContextHandle context) {
          return driver.event_record(context, event, other.handle);
        }));
    THRESHER_TRY_VOID(pass.prompt(
        DriverCall::stream_wait_event, [&](Driver& driver, ContextHandle context) {
          return driver.stream_wait_event(context, handle, event);
        }));
    // The wait took the event's state when it was called: the event may be recorded again.
    state.context->events()->give(event);
  }
  return {};
}

}  // namespace thresher::gpu
