// A binary heap whose entries know their owners' slots: whoever moves an entry writes its new place
// into the slot.
#include "thresher/runtime/threads/timer_heap.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime::detail {

void TimerHeap::add(Wait& wait, TimePoint deadline) {
  THRESHER_ASSERT(wait.slot.timer == 0);
  const Entry entry{deadline, ++order_, &wait};
  entries_.push_back(entry);
  rise(entries_.size() - 1, entry);
}

void TimerHeap::remove(Wait& wait) noexcept {
  THRESHER_ASSERT(wait.slot.timer != 0);
  const std::size_t index = wait.slot.timer - 1;
  THRESHER_ASSERT(index < entries_.size());
  THRESHER_ASSERT(entries_[index].wait == &wait);
  wait.slot.timer = 0;
  const Entry last = entries_.back();
  entries_.pop_back();
  if (index == entries_.size()) return;
  if (index > 0 && before(last, entries_[(index - 1) / 2])) {
    rise(index, last);
  } else {
    sink(index, last);
  }
}

Wait* TimerHeap::pop_due(TimePoint now) noexcept {
  if (entries_.empty() || entries_.front().deadline > now) return nullptr;
  Wait* const wait = entries_.front().wait;
  remove(*wait);
  return wait;
}

void TimerHeap::put(std::size_t index, const Entry& entry) noexcept {
  entries_[index] = entry;
  entry.wait->slot.timer = index + 1;
}

void TimerHeap::rise(std::size_t index, const Entry& entry) noexcept {
  while (index > 0 && before(entry, entries_[(index - 1) / 2])) {
    put(index, entries_[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  put(index, entry);
}

void TimerHeap::sink(std::size_t index, const Entry& entry) noexcept {
  while (true) {
    std::size_t child = 2 * index + 1;
    if (child >= entries_.size()) break;
    if (child + 1 < entries_.size() && before(entries_[child + 1], entries_[child])) ++child;
    if (!before(entries_[child], entry)) break;
    put(index, entries_[child]);
    index = child;
  }
  put(index, entry);
}

}  // namespace thresher::runtime::detail
