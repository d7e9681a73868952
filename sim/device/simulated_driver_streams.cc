// Streams, events and completions of the simulated driver.
//
// As documented: stream_destroy and event_destroy return at once and free when the work is done; an
// event that was never recorded is complete; a wait takes the event's last record at the call.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/call_entry.h"
#include "thresher/sim/device/driver_core.h"
#include "thresher/sim/device/simulated_driver.h"

#include <utility>

namespace thresher::sim {

using gpu::Answer;
using gpu::ContextHandle;
using gpu::DriverCall;
using gpu::DriverResult;
using gpu::EventHandle;
using gpu::Status;
using gpu::StreamHandle;

std::optional<QueueId> SimulatedDriver::queue_of(CallEntry& entry, StreamHandle stream) {
  if (!stream) return entry.context().default_queue;
  const auto found = entry.context().streams.find(stream);
  if (found == entry.context().streams.end()) return std::nullopt;
  THRESHER_ASSERT(found->second.value != 0);
  return found->second;
}

Answer<StreamPoint> SimulatedDriver::submit(CallEntry& entry, StreamHandle stream, Work work) {
  THRESHER_ASSERT(!entry.refused());
  const bool strikes = engine_of(work.kind) != EngineKind::none;
  if (strikes) work.fault = core_->take_armed();
  auto queue = queue_of(entry, stream);
  if (!queue) return runtime::Unexpected{entry.refuse(DriverResult::invalid_handle)};
  Timeline& timeline = entry.timeline();
  const std::uint64_t depth = entry.device().profile().stream_depth_max;
  // Another fiber may take the room that this one waited for, or destroy the stream.
  while (timeline.queued(*queue) >= depth) {
    const Status waited =
        entry.wait_until([&, id = *queue] { return timeline.queued(id) < depth; });
    if (!waited.ok()) return runtime::Unexpected{waited};
    queue = queue_of(entry, stream);
    if (!queue) return runtime::Unexpected{entry.refuse(DriverResult::invalid_handle)};
  }
  const std::uint64_t sequence = timeline.submit(*queue, std::move(work), entry.now());
  return StreamPoint{.queue = *queue, .sequence = sequence};
}

Answer<StreamHandle> SimulatedDriver::stream_create(ContextHandle context) {
  CallEntry entry{core_, DriverCall::stream_create, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  const auto handle = core_->new_handle<StreamHandle>();
  THRESHER_ASSERT(!entry.context().streams.contains(handle));
  entry.context().streams.emplace(handle, entry.timeline().open(entry.context().id));
  return handle;
}

Status SimulatedDriver::stream_destroy(ContextHandle context, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::stream_destroy, context};
  if (entry.refused()) return entry.status();
  const auto found = entry.context().streams.find(stream);
  if (found == entry.context().streams.end()) return entry.refuse(DriverResult::invalid_handle);
  // What is queued runs on; the queue goes with its last work, also when that never ends.
  entry.timeline().close(found->second);
  entry.context().streams.erase(found);
  return {};
}

Status SimulatedDriver::stream_query(ContextHandle context, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::stream_query, context};
  if (entry.refused()) return entry.status();
  const auto queue = queue_of(entry, stream);
  if (!queue) return entry.refuse(DriverResult::invalid_handle);
  return entry.timeline().idle(*queue) ? Status{} : Status{.code = DriverResult::not_ready};
}

Status SimulatedDriver::stream_synchronize(ContextHandle context, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::stream_synchronize, context};
  if (entry.refused()) return entry.status();
  const auto queue = queue_of(entry, stream);
  if (!queue) return entry.refuse(DriverResult::invalid_handle);
  Timeline& timeline = entry.timeline();
  // Work that others submit while this call waits is none of its business.
  const StreamPoint all{.queue = *queue, .sequence = timeline.next_sequence() - 1};
  return entry.wait_until([&timeline, all] { return timeline.reached(all); });
}

Status SimulatedDriver::stream_wait_event(ContextHandle context, StreamHandle stream,
                                          EventHandle event) {
  CallEntry entry{core_, DriverCall::stream_wait_event, context};
  if (entry.refused()) return entry.status();
  const auto found = entry.context().events.find(event);
  if (found == entry.context().events.end()) return entry.refuse(DriverResult::invalid_handle);
  Work work{.kind = WorkKind::wait};
  work.awaited = found->second;
  const auto point = submit(entry, stream, std::move(work));
  return point ? Status{} : point.error();
}

Answer<EventHandle> SimulatedDriver::event_create(ContextHandle context) {
  CallEntry entry{core_, DriverCall::event_create, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  const auto handle = core_->new_handle<EventHandle>();
  entry.context().events.emplace(handle, StreamPoint{});
  return handle;
}

Status SimulatedDriver::event_destroy(ContextHandle context, EventHandle event) {
  CallEntry entry{core_, DriverCall::event_destroy, context};
  if (entry.refused()) return entry.status();
  const auto erased = entry.context().events.erase(event);
  return erased == 1 ? Status{} : entry.refuse(DriverResult::invalid_handle);
}

Status SimulatedDriver::event_record(ContextHandle context, EventHandle event,
                                     StreamHandle stream) {
  CallEntry entry{core_, DriverCall::event_record, context};
  if (entry.refused()) return entry.status();
  if (!entry.context().events.contains(event)) return entry.refuse(DriverResult::invalid_handle);
  const auto point = submit(entry, stream, Work{.kind = WorkKind::record});
  if (!point) return point.error();
  const auto found = entry.context().events.find(event);
  if (found == entry.context().events.end()) return entry.refuse(DriverResult::invalid_handle);
  found->second = *point;
  return {};
}

Status SimulatedDriver::event_query(ContextHandle context, EventHandle event) {
  CallEntry entry{core_, DriverCall::event_query, context};
  if (entry.refused()) return entry.status();
  const auto found = entry.context().events.find(event);
  if (found == entry.context().events.end()) return entry.refuse(DriverResult::invalid_handle);
  return entry.timeline().reached(found->second) ? Status{}
                                                 : Status{.code = DriverResult::not_ready};
}

Status SimulatedDriver::notify(ContextHandle context, EventHandle event,
                               gpu::CompletionSink& sink, std::uint64_t token) {
  CallEntry entry{core_, DriverCall::notify, context};
  if (entry.refused()) return entry.status();
  const auto found = entry.context().events.find(event);
  if (found == entry.context().events.end()) return entry.refuse(DriverResult::invalid_handle);
  runtime::Scheduler& scheduler = core_->scheduler();
  THRESHER_ASSERT(scheduler.worker_count() >= 1);
  // A helper's worker does not outlive its call: its notices go to the first pump.
  const runtime::WorkerId here = scheduler.current_worker();
  const bool lasts = here.value < scheduler.worker_count();
  const runtime::WorkerId worker = lasts ? here : runtime::WorkerId{};
  CompletionPump& pump = core_->pump(worker);
  const bool start = pump.add(
      Notice{.context = context, .point = found->second, .sink = &sink, .token = token});
  if (!start) {
    pump.wake(scheduler);
    return {};
  }
  entry.unlock();
  scheduler.spawn({.worker = worker, .name = "gpu.completions", .background = true},
                  [core = core_, &pump] { pump.run(*core); });
  return {};
}

}  // namespace thresher::sim
