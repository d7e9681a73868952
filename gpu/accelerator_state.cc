// What accelerators, resets and heirs do to an AcceleratorState.
//
// All of it runs inside the context's gate; parks only in calls that may block.
#include "thresher/gpu/accelerator_state.h"

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::Result;

AcceleratorState::~AcceleratorState() { context->part(*this); }

namespace {

Result<StreamHandle> make_stream(Pass& pass) {
  return pass.blocking(DriverCall::stream_create, [](Driver& driver, ContextHandle context) {
    return driver.stream_create(context);
  });
}

Result<void> record_event(Pass& pass, EventHandle event, StreamHandle stream) {
  return pass.prompt(DriverCall::event_record, [&](Driver& driver, ContextHandle context) {
    return driver.event_record(context, event, stream);
  });
}

/// Fences behind the uses of a buffer that are not over yet.
Result<std::vector<Fence>> fences_of(AcceleratorState& state, Pass& pass,
                                     const StreamUses& uses) {
  std::vector<Fence> fences;
  for (const StreamUse& use : uses.all()) {
    const Stream& stream = state.streams[use.stream];
    if (stream.done(use.sequence)) continue;
    THRESHER_TRY(event, state.context->take_event(pass));
    THRESHER_TRY_VOID(record_event(pass, event, stream.handle));
    fences.push_back({stream.handle, event});
  }
  return fences;
}

Result<void> release_all(AcceleratorState& state, Pass& pass) {
  give_back_dropped(state, pass);
  while (!state.buffers.empty()) {
    THRESHER_TRY_VOID(give_back(state, pass, state.buffers.begin()->first));
  }
  while (!state.kernels.empty()) {
    const CodeKey key = state.kernels.begin()->second.key;
    state.kernels.erase(state.kernels.begin());
    THRESHER_TRY_VOID(state.context->modules().release(pass, key));
  }
  std::vector<StreamHandle> streams = std::exchange(state.spare_streams, {});
  for (const Stream& stream : state.streams) streams.push_back(stream.handle);
  state.streams.clear();
  for (const StreamHandle stream : streams) {
    THRESHER_TRY_VOID(pass.blocking(DriverCall::stream_destroy,
                                    [stream](Driver& driver, ContextHandle context) {
                                      return driver.stream_destroy(context, stream);
                                    }));
  }
  return {};
}

}  // namespace

Result<void> make_streams(AcceleratorState& state, Pass& pass) {
  const AcceleratorOptions& options = state.node().seams().options.accelerator;
  while (state.streams.size() < options.streams) {
    THRESHER_TRY(stream, make_stream(pass));
    state.streams.push_back(Stream{.handle = stream});
  }
  // With abandoned work about, making a stream may block: then there is no spare.
  while (state.context->abandoned_streams() == 0 &&
         state.spare_streams.size() < options.spare_streams) {
    THRESHER_TRY(spare, make_stream(pass));
    state.spare_streams.push_back(spare);
  }
  return {};
}

Result<std::shared_ptr<Completion>> mark(AcceleratorState& state, Pass& pass, Stream& stream,
                                         PinnedBlock staging) {
  DeviceContext& context = *state.context;
  auto completion = std::make_shared<Completion>();
  completion->progress = stream.progress;
  completion->sequence = stream.submitted;
  completion->events = context.events();
  completion->staging = std::move(staging);
  Result<EventHandle> event = context.take_event(pass);
  Result<void> recorded = event ? record_event(pass, *event, stream.handle)
                                : Result<void>{runtime::Unexpected{event.error()}};
  if (recorded) {
    completion->event = *event;
    CompletionHub& hub = state.node().hub();
    const std::uint64_t token = hub.add(completion);
    recorded = pass.prompt(DriverCall::notify, [&](Driver& driver, ContextHandle handle) {
      return driver.notify(handle, completion->event, hub, token);
    });
    if (recorded) return completion;
    hub.withdraw(token);
  }
  // Nobody will hear when the device is done with the staging memory.
  if (completion->staging.data() != nullptr) context.strand(std::move(completion->staging));
  return runtime::Unexpected{recorded.error()};
}

Result<void> give_back(AcceleratorState& state, Pass& pass, std::uint64_t buffer) {
  const auto at = state.buffers.find(buffer);
  THRESHER_ASSERT(at != state.buffers.end());
  const BufferRecord record = std::move(at->second);
  state.buffers.erase(at);
  Result<std::vector<Fence>> fences = fences_of(state, pass, record.uses);
  if (!fences) {
    // Without a fence nobody can tell when the block is free: keep it from everybody.
    state.context->pool().quarantine(record.block.at);
    return runtime::Unexpected{fences.error()};
  }
  state.context->pool().give_back(record.block.at, std::move(*fences));
  return {};
}

void give_back_dropped(AcceleratorState& state, Pass& pass) {
  std::vector<std::uint64_t> dropped;
  {
    const std::lock_guard guard{state.dropped_lock};
    dropped.swap(state.dropped);
  }
  for (const std::uint64_t id : dropped) {
    // A failure quarantines the block and shows at the caller's own next driver call.
    if (state.buffers.contains(id)) static_cast<void>(give_back(state, pass, id).has_value());
  }
}

void forget_device_state(AcceleratorState& state, const runtime::Error& why) noexcept {
  for (const Stream& stream : state.streams) state.node().hub().drop(*stream.progress, why);
  state.streams.clear();
  state.spare_streams.clear();
  state.buffers.clear();
  state.kernels.clear();
  const std::lock_guard guard{state.dropped_lock};
  state.dropped.clear();
}

Result<void> tear_down(AcceleratorState& state, const CallOptions& call) {
  if (state.disposed) return {};
  if (!state.closed) state.closed = Errc::closed;
  DeviceContext& context = *state.context;
  Gate::Alone alone{context.gate()};
  THRESHER_TRY_VOID(alone.acquire(call.token, call.deadline));
  if (state.disposed) return {};
  state.disposed = true;
  context.part(state);
  const bool last = context.members().empty();
  const bool alive = context.handle() && context.required_level() != ResetType::full;
  const runtime::Error why = runtime::make_error(Errc::closed, state.id.value);
  for (const Stream& stream : state.streams) state.node().hub().drop(*stream.progress, why);
  Result<void> outcome;
  if (alive && last) {
    outcome = context.destroy(call.deadline);
  } else if (alive && !context.required_level()) {
    Pass pass = context.inside(call.deadline);
    outcome = release_all(state, pass);
  }
  forget_device_state(state, why);
  state.code.clear();
  if (last) context.forget();
  state.node().count_accelerator(-1);
  return outcome;
}

}  // namespace thresher::gpu
