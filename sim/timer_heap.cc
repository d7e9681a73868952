// A binary heap with known places. Fibers whose deadline has come move to a list, so that choosing
// among many equal deadlines does not walk the heap for each.
#include "thresher/sim/timer_heap.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::sim {

void TimerHeap::place(std::size_t at, SimFiber& fiber) noexcept {
  heap_[at] = &fiber;
  fiber.timer_slot = static_cast<std::uint32_t>(at + 1);
}

void TimerHeap::rise(std::size_t at, SimFiber& fiber) noexcept {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (!before(fiber, *heap_[parent])) break;
    place(at, *heap_[parent]);
    at = parent;
  }
  place(at, fiber);
}

void TimerHeap::sink(std::size_t at, SimFiber& fiber) noexcept {
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
    if (!before(*heap_[child], fiber)) break;
    place(at, *heap_[child]);
    at = child;
  }
  place(at, fiber);
}

void TimerHeap::add(SimFiber& fiber, runtime::TimePoint deadline, bool hopeful) {
  THRESHER_ASSERT(fiber.timer_slot == no_slot);
  fiber.deadline = deadline;
  fiber.timer_order = ++order_;
  fiber.timer_hopeful = hopeful;
  hopeful_ += hopeful ? 1 : 0;
  heap_.push_back(&fiber);
  rise(heap_.size() - 1, fiber);
}

void TimerHeap::remove(SimFiber& fiber) noexcept {
  const std::uint32_t slot = fiber.timer_slot;
  if (slot == no_slot) return;
  fiber.timer_slot = no_slot;
  hopeful_ -= fiber.timer_hopeful ? 1 : 0;
  if (slot == due_slot) {
    due_.erase(std::find(due_.begin(), due_.end(), &fiber));
    return;
  }
  const std::size_t at = slot - 1;
  THRESHER_ASSERT(at < heap_.size());
  THRESHER_ASSERT(heap_[at] == &fiber);
  SimFiber& last = *heap_.back();
  heap_.pop_back();
  if (&last == &fiber) return;
  if (before(last, fiber)) {
    rise(at, last);
  } else {
    sink(at, last);
  }
}

runtime::TimePoint TimerHeap::earliest() const noexcept {
  THRESHER_ASSERT(!empty());
  return due_.empty() ? heap_.front()->deadline : due_.front()->deadline;
}

SimFiber& TimerHeap::pop() noexcept {
  SimFiber& fiber = *heap_.front();
  SimFiber& last = *heap_.back();
  heap_.pop_back();
  if (&last != &fiber) sink(0, last);
  return fiber;
}

std::size_t TimerHeap::gather(runtime::TimePoint now) {
  while (!heap_.empty() && heap_.front()->deadline <= now) {
    SimFiber& fiber = pop();
    fiber.timer_slot = due_slot;
    due_.push_back(&fiber);
  }
  return due_.size();
}

SimFiber& TimerHeap::take_due(std::size_t index) {
  THRESHER_ASSERT(index < due_.size());
  SimFiber& fiber = *due_[index];
  due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(index));
  fiber.timer_slot = no_slot;
  hopeful_ -= fiber.timer_hopeful ? 1 : 0;
  return fiber;
}

void TimerHeap::clear() noexcept {
  heap_.clear();
  due_.clear();
  order_ = 0;
  hopeful_ = 0;
}

}  // namespace thresher::sim
