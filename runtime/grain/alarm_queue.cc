// A binary heap of alarms and the fiber that waits for the first. Alarms know their place in the
// heap, so that taking one out costs no search.
#include "thresher/runtime/grain/alarm_queue.h"

#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::runtime {

void Alarm::disarm() noexcept {
  if (queue_ != nullptr) queue_->remove(*this);
}

AlarmQueue::~AlarmQueue() {
  THRESHER_ASSERT(waiting_ == nullptr);
  for (Alarm* alarm : heap_) alarm->queue_ = nullptr;
}

void AlarmQueue::set(Alarm& alarm, TimePoint due) {
  THRESHER_ASSERT(alarm.queue_ == nullptr || alarm.queue_ == this);
  alarm.disarm();
  if (due == no_deadline) return;
  alarm.queue_ = this;
  alarm.due_ = due;
  alarm.order_ = order_next_++;
  heap_.push_back(&alarm);
  place(alarm, heap_.size() - 1);
  sift_up(alarm.index_);
  // The scheduler reads `serves_foreground` when the fiber parks: a first such alarm wakes it too.
  const bool first_foreground = alarm.serves_foreground_ && foreground_++ == 0;
  if (due < waits_until_ || first_foreground) wake();
}

void AlarmQueue::run() {
  THRESHER_ASSERT(waiting_ == nullptr);
  while (!stopping_) {
    fire_due();
    if (!stopping_) park();
  }
}

void AlarmQueue::stop() noexcept {
  stopping_ = true;
  wake();
}

bool AlarmQueue::before(const Alarm& a, const Alarm& b) noexcept {
  return a.due_ != b.due_ ? a.due_ < b.due_ : a.order_ < b.order_;
}

void AlarmQueue::remove(Alarm& alarm) noexcept {
  THRESHER_ASSERT(alarm.index_ < heap_.size() && heap_[alarm.index_] == &alarm);
  const std::size_t index = alarm.index_;
  Alarm* const last = heap_.back();
  heap_.pop_back();
  alarm.queue_ = nullptr;
  if (alarm.serves_foreground_) --foreground_;
  if (last == &alarm) return;
  place(*last, index);
  sift_up(index);
  sift_down(last->index_);
}

void AlarmQueue::place(Alarm& alarm, std::size_t index) noexcept {
  THRESHER_ASSERT(index < heap_.size());
  heap_[index] = &alarm;
  alarm.index_ = index;
}

void AlarmQueue::sift_up(std::size_t index) noexcept {
  Alarm& moved = *heap_[index];
  while (index > 0 && before(moved, *heap_[(index - 1) / 2])) {
    place(*heap_[(index - 1) / 2], index);
    index = (index - 1) / 2;
  }
  place(moved, index);
}

void AlarmQueue::sift_down(std::size_t index) noexcept {
  Alarm& moved = *heap_[index];
  while (true) {
    std::size_t child = 2 * index + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], moved)) break;
    place(*heap_[child], index);
    index = child;
  }
  place(moved, index);
}

void AlarmQueue::fire_due() {
  // Alarms set while firing wait for the next round, so that a period of 0 does not hang here.
  const std::uint64_t order_end = order_next_;
  const TimePoint now = scheduler_.now();
  while (!stopping_ && !heap_.empty()) {
    Alarm& first = *heap_.front();
    if (first.due_ > now || first.order_ >= order_end) return;
    first.disarm();
    first.fire_(first.owner_);
  }
}

void AlarmQueue::park() {
  struct Parked {
    AlarmQueue& queue;
    ~Parked() {
      queue.waiting_ = nullptr;
      queue.waits_until_ = TimePoint::min();
    }
  };
  Wait wait{Operation{.verb = "wait", .name = "silo.alarms"}};
  wait.serves_foreground = foreground_ > 0;
  waits_until_ = heap_.empty() ? no_deadline : heap_.front()->due_;
  waiting_ = &wait;
  const Parked parked{*this};
  scheduler_.park_until(wait, waits_until_);
}

void AlarmQueue::wake() noexcept {
  if (waiting_ == nullptr) return;
  scheduler_.unpark(*waiting_, WaitEnd::satisfied);
  waiting_ = nullptr;  // Once is enough.
  waits_until_ = TimePoint::min();
}

}  // namespace thresher::runtime
