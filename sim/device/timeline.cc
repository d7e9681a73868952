// The number of streams that have work is small (a few a worker), so that scans beat an index.
// Everything is looked up anew after the runner was called, since it may drop streams.
#include "thresher/sim/device/timeline.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {

using runtime::TimePoint;

EngineKind engine_of(WorkKind kind) noexcept {
  switch (kind) {
    case WorkKind::kernel:
    case WorkKind::copy_on_device:
    case WorkKind::memory_set: return EngineKind::compute;
    case WorkKind::copy_to_device: return EngineKind::copy_in;
    case WorkKind::copy_to_host: return EngineKind::copy_out;
    case WorkKind::record:
    case WorkKind::wait: return EngineKind::none;
  }
  THRESHER_UNREACHABLE();
}

Timeline::Timeline(const TimelineShape& shape, WorkRunner& runner)
    : shape_{shape}, runner_{runner} {
  THRESHER_ASSERT(shape.copy_engines >= 1);
  THRESHER_ASSERT(shape.kernels_per_context >= 1);
}

QueueId Timeline::open(DeviceContextId context) {
  THRESHER_ASSERT(context.value != 0);
  const QueueId id{++queue_ids_};
  queues_[id].context = context;
  return id;
}

void Timeline::close(QueueId queue) {
  const auto found = queues_.find(queue);
  THRESHER_ASSERT(found != queues_.end());
  THRESHER_ASSERT(!found->second.closed);
  found->second.closed = true;
  if (found->second.works.empty()) forget(queue);
}

std::uint64_t Timeline::drop(DeviceContextId context) {
  std::uint64_t dropped = 0;
  std::vector<QueueId> gone;
  for (const auto& [id, queue] : queues_) {
    if (queue.context != context) continue;
    dropped += queue.works.size();
    gone.push_back(id);
  }
  for (const QueueId id : gone) forget(id);
  return dropped;
}

void Timeline::forget(QueueId id) {
  std::erase_if(running_, [&](const Running& running) { return running.queue == id; });
  std::erase(ready_, id);
  const auto erased = queues_.erase(id);
  THRESHER_ASSERT(erased == 1);
}

std::uint64_t Timeline::submit(QueueId id, Work work, TimePoint now) {
  THRESHER_ASSERT(now == now_);
  const auto found = queues_.find(id);
  THRESHER_ASSERT(found != queues_.end() && !found->second.closed);
  work.sequence = ++sequence_;
  found->second.works.push_back(std::move(work));
  if (found->second.works.size() == 1) ready_.push_back(id);
  const std::uint64_t sequence = sequence_;
  start_ready(now);
  return sequence;
}

void Timeline::advance(TimePoint now) {
  THRESHER_ASSERT(now >= now_);
  while (true) {
    const auto next = earliest();
    if (next == running_.end() || next->end > now || next->end == runtime::no_deadline) break;
    now_ = next->end;
    const QueueId queue = next->queue;
    running_.erase(next);
    finish_head(queue, now_);
    start_ready(now_);
  }
  now_ = now;
  // What was dropped or closed since may have freed an engine.
  start_ready(now);
}

std::vector<Timeline::Running>::iterator Timeline::earliest() {
  return std::min_element(running_.begin(), running_.end(), [](auto& a, auto& b) {
    return a.end != b.end ? a.end < b.end : a.sequence < b.sequence;
  });
}

TimePoint Timeline::next_end() const noexcept {
  TimePoint next = runtime::no_deadline;
  for (const Running& running : running_) next = std::min(next, running.end);
  THRESHER_ASSERT(next >= now_);
  return next;
}

void Timeline::start_ready(TimePoint now) {
  // A started or finished head may make another ready, so passes go on until one changes nothing.
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t at = 0; at < ready_.size(); ++at) {
      const QueueId id = ready_[at];
      if (!try_start(id, now)) continue;
      changed = true;
      break;
    }
  }
}

bool Timeline::try_start(QueueId id, TimePoint now) {
  Queue& queue = queues_.at(id);
  THRESHER_ASSERT(!queue.running && !queue.works.empty());
  Work& head = queue.works.front();
  if (head.kind == WorkKind::wait && !reached(head.awaited)) return false;
  const EngineKind engine = engine_of(head.kind);
  if (!engine_free(engine, queue.context)) return false;
  std::erase(ready_, id);
  queue.running = true;
  if (engine == EngineKind::none) {
    finish_head(id, now);
    return true;
  }
  const TimePoint end = head.fault.stuck
                            ? runtime::no_deadline
                            : runtime::deadline_after(now, head.cost + head.fault.delay);
  running_.push_back(
      Running{.end = end, .sequence = head.sequence, .queue = id, .engine = shared(engine)});
  return true;
}

EngineKind Timeline::shared(EngineKind engine) const noexcept {
  return engine == EngineKind::copy_out && shape_.copy_engines == 1 ? EngineKind::copy_in : engine;
}

bool Timeline::engine_free(EngineKind engine, DeviceContextId context) const {
  if (engine == EngineKind::none) return true;
  std::uint32_t kernels = 0;
  for (const Running& running : running_) {
    if (running.engine != shared(engine)) continue;
    if (engine != EngineKind::compute) return false;
    if (queues_.at(running.queue).context == context) ++kernels;
  }
  return kernels < shape_.kernels_per_context;
}

void Timeline::finish_head(QueueId id, TimePoint at) {
  Queue& queue = queues_.at(id);
  THRESHER_ASSERT(queue.running && !queue.works.empty());
  Work work = std::move(queue.works.front());
  queue.works.pop_front();
  queue.running = false;
  const DeviceContextId context = queue.context;
  // The runner may drop this stream: it is looked up again afterwards.
  runner_.finish(context, work, at);
  const auto found = queues_.find(id);
  if (found == queues_.end()) return;
  if (!found->second.works.empty()) {
    ready_.push_back(id);
  } else if (found->second.closed) {
    forget(id);
  }
}

bool Timeline::reached(StreamPoint point) const {
  THRESHER_ASSERT(point.sequence <= sequence_);
  const auto found = queues_.find(point.queue);
  if (found == queues_.end() || found->second.works.empty()) return true;
  return found->second.works.front().sequence > point.sequence;
}

bool Timeline::idle(QueueId queue) const { return queued(queue) == 0; }

std::uint64_t Timeline::queued(QueueId queue) const {
  const auto found = queues_.find(queue);
  return found == queues_.end() ? 0 : found->second.works.size();
}

bool Timeline::busy(DeviceContextId context, std::uint64_t sequence) const {
  THRESHER_ASSERT(sequence <= next_sequence());
  return std::any_of(queues_.begin(), queues_.end(), [&](const auto& entry) {
    const Queue& queue = entry.second;
    return queue.context == context && !queue.works.empty() &&
           queue.works.front().sequence < sequence;
  });
}

std::optional<StuckUntil> Timeline::stuck(DeviceContextId context) const {
  std::optional<StuckUntil> worst;
  for (const Running& running : running_) {
    const Queue& queue = queues_.at(running.queue);
    if (running.end != runtime::no_deadline || queue.context != context) continue;
    const StuckUntil until = queue.works.front().fault.until;
    worst = worst ? std::max(*worst, until) : until;
  }
  return worst;
}

void Timeline::release_stuck(StuckUntil reach, TimePoint now) {
  THRESHER_ASSERT(now >= now_);
  for (Running& running : running_) {
    const WorkFault& fault = queues_.at(running.queue).works.front().fault;
    if (running.end == runtime::no_deadline && fault.until <= reach) running.end = now;
  }
}

}  // namespace thresher::sim
