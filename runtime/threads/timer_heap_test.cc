// The timer heap against a sorted list: any sequence of additions, removals and expiries.
// Places in the slots are checked by the heap's own assertions at each removal.
#include "thresher/runtime/threads/timer_heap.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace thresher::runtime::detail {
namespace {

using Entry = std::pair<TimePoint, std::unique_ptr<Wait>>;

TimePoint at(int time) { return TimePoint{Duration{time}}; }

TEST(TimerHeap, an_empty_one_has_no_deadline) {
  TimerHeap heap;
  EXPECT_EQ(heap.earliest(), no_deadline);
  EXPECT_EQ(heap.pop_due(no_deadline), nullptr);
}

TEST(TimerHeap, gives_a_wait_at_its_deadline_and_not_before) {
  TimerHeap heap;
  Wait wait{{}};
  heap.add(wait, at(5));
  EXPECT_EQ(heap.pop_due(at(4)), nullptr);
  EXPECT_EQ(heap.pop_due(at(5)), &wait);
  EXPECT_EQ(wait.slot.timer, 0u);
}

RC_GTEST_PROP(TimerHeap, gives_waits_by_deadline_and_then_by_arrival,
              (std::vector<std::uint8_t> times, std::vector<std::uint8_t> removals)) {
  TimerHeap heap;
  std::vector<Entry> model;
  for (const int time : times) {
    model.emplace_back(at(time % 16), std::make_unique<Wait>(Operation{}));
    heap.add(*model.back().second, model.back().first);
  }
  for (const std::size_t removal : removals) {
    if (model.empty()) break;
    const auto victim = model.begin() + static_cast<std::ptrdiff_t>(removal % model.size());
    heap.remove(*victim->second);
    model.erase(victim);
  }
  std::ranges::stable_sort(model, {}, &Entry::first);
  RC_ASSERT(heap.size() == model.size());
  for (const auto& [deadline, wait] : model) {
    RC_ASSERT(heap.earliest() == deadline);
    RC_ASSERT(heap.pop_due(deadline) == wait.get());
  }
  RC_ASSERT(heap.empty());
}

}  // namespace
}  // namespace thresher::runtime::detail
