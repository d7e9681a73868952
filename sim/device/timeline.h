// What runs on one device and when: in-order streams over copy and compute engines.
//
// A discrete-event simulation that is moved lazily: `advance(now)` finishes everything that has
// ended by then, in order of time and then of submission, and starts what can start. Nothing here
// knows a scheduler; the caller brings the time and asks `next_end()` when to come back.
//
// Rules: work of one stream runs in order. Each copy direction has one engine (or both share one,
// by the profile), which serves in the order in which work became ready. A context runs up to
// `kernels_per_context` kernels at once; contexts do not slow each other down (time slicing is not
// charged), so that a kernel stuck in one context leaves the others working, as compute preemption
// does. Single owner, no locks. Work that is stuck ends at no_deadline.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/sim/device/device_ids.h"
#include "thresher/sim/device/work.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace thresher::sim {

/// Carries out finished work. Called from within `advance` and `submit`; may close streams.
class WorkRunner {
 public:
  virtual ~WorkRunner() = default;
  /// `work` of a stream of `context` ends now.
  virtual void finish(DeviceContextId context, Work& work, runtime::TimePoint at) = 0;
};

struct TimelineShape {
  std::uint32_t copy_engines = 2;
  std::uint32_t kernels_per_context = 4;
};

class Timeline {
 public:
  Timeline(const TimelineShape& shape, WorkRunner& runner);

  QueueId open(DeviceContextId context);
  /// Takes no more work; the stream goes when its work is done, or at once when it has none.
  void close(QueueId queue);
  /// Drops the streams of `context` with all their work, running or not; gives how many pieces.
  std::uint64_t drop(DeviceContextId context);

  /// Appends work; it may start, and what takes no time may end, at once. Gives its sequence.
  /// Requires: `advance(now)` was called for this instant.
  std::uint64_t submit(QueueId queue, Work work, runtime::TimePoint now);
  /// Brings the device to `now`. Time never goes back.
  void advance(runtime::TimePoint now);
  /// When the next running piece ends; no_deadline when none runs or all that run are stuck.
  runtime::TimePoint next_end() const noexcept;

  /// True when all up to that point is done or dropped.
  bool reached(StreamPoint point) const;
  bool idle(QueueId queue) const;
  /// True when `context` has work submitted before `sequence`.
  bool busy(DeviceContextId context, std::uint64_t sequence) const;
  std::uint64_t queued(QueueId queue) const;
  std::uint64_t next_sequence() const noexcept { return sequence_ + 1; }
  /// True when some work of `context` will never end; with what could let go of the worst of it.
  std::optional<StuckUntil> stuck(DeviceContextId context) const;
  /// Lets stuck kernels end now: those whose `until` is at most `reach`.
  void release_stuck(StuckUntil reach, runtime::TimePoint now);

 private:
  struct Queue {
    DeviceContextId context;
    std::deque<Work> works;
    bool running = false;
    bool closed = false;
  };
  struct Running {
    runtime::TimePoint end{};
    std::uint64_t sequence = 0;
    QueueId queue;
    EngineKind engine = EngineKind::none;
  };

  void start_ready(runtime::TimePoint now);
  bool try_start(QueueId id, runtime::TimePoint now);
  bool engine_free(EngineKind engine, DeviceContextId context) const;
  EngineKind shared(EngineKind engine) const noexcept;
  void finish_head(QueueId id, runtime::TimePoint at);
  void forget(QueueId id);
  std::vector<Running>::iterator earliest();

  TimelineShape shape_;
  WorkRunner& runner_;
  std::map<QueueId, Queue> queues_;
  std::vector<Running> running_;
  /// Streams whose head waits for its turn, in the order in which the heads became ready.
  std::vector<QueueId> ready_;
  runtime::TimePoint now_{};
  std::uint64_t sequence_ = 0;
  std::uint64_t queue_ids_ = 0;
};

}  // namespace thresher::sim
