// The alarms of one worker of a silo: one background fiber that waits for the earliest of them.
//
// Grain timers, sweeps, timeouts and the collector are alarms, so that none of them needs a fiber
// of its own. Fired in order of due time, then of setting. Belongs to its worker. What fires must
// not park.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/scheduler.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresher::runtime {

class AlarmQueue;

/// One place in the queue, a member of what it wakes; set again and again. Disarmed when destroyed.
class Alarm {
 public:
  using Fire = void (*)(void* owner);
  /// `serves_foreground`: it ends waits of foreground fibers, so that a world in which only this
  /// alarm is left to come is not deadlocked.
  Alarm(Fire fire, void* owner, bool serves_foreground) noexcept
      : fire_{fire}, owner_{owner}, serves_foreground_{serves_foreground} {}
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  ~Alarm() { disarm(); }

  bool armed() const noexcept { return queue_ != nullptr; }
  TimePoint due() const noexcept { return due_; }
  void disarm() noexcept;

 private:
  friend class AlarmQueue;
  Fire fire_;
  void* owner_;
  AlarmQueue* queue_ = nullptr;
  TimePoint due_{};
  std::uint64_t order_ = 0;
  std::size_t index_ = 0;
  bool serves_foreground_;
};

class AlarmQueue {
 public:
  explicit AlarmQueue(Scheduler& scheduler) noexcept : scheduler_{scheduler} {}
  AlarmQueue(const AlarmQueue&) = delete;
  AlarmQueue& operator=(const AlarmQueue&) = delete;
  /// Lets all alarms go.
  ~AlarmQueue();

  /// Sets `alarm`, or sets it anew, to fire at `due`; `no_deadline` disarms it.
  void set(Alarm& alarm, TimePoint due);
  /// The body of the queue's fiber: fires alarms until `stop`.
  void run();
  /// Ends `run`. Alarms stay as they are, and fire no more.
  void stop() noexcept;
  std::size_t size() const noexcept { return heap_.size(); }

 private:
  friend class Alarm;
  static bool before(const Alarm& a, const Alarm& b) noexcept;
  void remove(Alarm& alarm) noexcept;
  void place(Alarm& alarm, std::size_t index) noexcept;
  void sift_up(std::size_t index) noexcept;
  void sift_down(std::size_t index) noexcept;
  void fire_due();
  void park();
  void wake() noexcept;

  Scheduler& scheduler_;
  std::vector<Alarm*> heap_;
  std::uint64_t order_next_ = 0;
  std::size_t foreground_ = 0;
  /// The wait of the fiber while it is parked, and until when it waits.
  Wait* waiting_ = nullptr;
  TimePoint waits_until_ = TimePoint::min();
  bool stopping_ = false;
};

}  // namespace thresher::runtime
