// The timer heap against a sorted list, and the id table against a map.
#include "thresher/sim/timer_heap.h"

#include "thresher/sim/id_table.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <rapidcheck.h>
#include <map>
#include <set>

namespace thresher::sim {
namespace {

using runtime::TimePoint;
using std::chrono::nanoseconds;

RC_GTEST_PROP(TimerHeap, gives_the_fibers_in_order_of_deadline_and_parking, ()) {
  TimerHeap heap;
  std::deque<SimFiber> fibers(40);
  std::set<std::tuple<std::int64_t, std::uint64_t, std::size_t>> model;
  std::map<std::size_t, std::tuple<std::int64_t, std::uint64_t, std::size_t>> entries;
  const auto actions = *rc::gen::container<std::vector<std::pair<std::size_t, std::int64_t>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, fibers.size()),
                    rc::gen::inRange<std::int64_t>(0, 20)));
  std::uint64_t order = 0;
  for (const auto& [index, deadline] : actions) {
    SimFiber& fiber = fibers[index];
    if (const auto known = entries.find(index); known != entries.end()) {
      heap.remove(fiber);
      model.erase(known->second);
      entries.erase(known);
    } else {
      heap.add(fiber, TimePoint{nanoseconds{deadline}}, deadline % 2 == 0);
      entries[index] = {deadline, ++order, index};
      model.insert(entries[index]);
    }
  }
  while (!model.empty()) {
    const auto [deadline, unused, index] = *model.begin();
    RC_ASSERT(heap.earliest() == TimePoint{nanoseconds{deadline}});
    RC_ASSERT(heap.gather(heap.earliest()) >= 1u);
    RC_ASSERT(&heap.take_due(0) == &fibers[index]);
    model.erase(model.begin());
  }
  RC_ASSERT(heap.empty());
  RC_ASSERT(heap.hopeful() == 0u);
}

TEST(TimerHeap, lets_a_due_fiber_be_taken_out) {
  TimerHeap heap;
  SimFiber a;
  SimFiber b;
  heap.add(a, TimePoint{nanoseconds{5}}, true);
  heap.add(b, TimePoint{nanoseconds{5}}, true);
  EXPECT_EQ(heap.gather(TimePoint{nanoseconds{5}}), 2u);
  heap.remove(a);
  EXPECT_EQ(heap.hopeful(), 1u);
  EXPECT_EQ(&heap.take_due(0), &b);
}

RC_GTEST_PROP(IdTable, knows_what_a_map_knows, ()) {
  IdTable table;
  std::map<std::uint64_t, std::uint32_t> model;
  const auto ids = *rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::inRange<std::uint64_t>(0, 60));
  for (const std::uint64_t id : ids) {
    if (model.erase(id) > 0) {
      table.erase(id);
    } else {
      model[id] = static_cast<std::uint32_t>(id * 3);
      table.insert(id, static_cast<std::uint32_t>(id * 3));
    }
    for (std::uint64_t probe = 0; probe < 60; ++probe) {
      const auto known = model.find(probe);
      RC_ASSERT(table.find(probe) == (known != model.end() ? known->second : IdTable::none));
    }
  }
  RC_ASSERT(table.size() == model.size());
}

}  // namespace
}  // namespace thresher::sim
