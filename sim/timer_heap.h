// Deadlines of parked fibers, ordered by (deadline, order of parking); removal anywhere.
//
// A fiber has at most one deadline, which lives in its record. `hopeful` ones are those that
// can end a foreground wait: without any, a world whose foreground fibers are all parked is in
// deadlock.
#pragma once

#include "thresher/sim/sim_fiber.h"

#include <cstdint>
#include <vector>

namespace thresher::sim {

class TimerHeap {
 public:
  bool empty() const noexcept { return heap_.empty() && due_.empty(); }
  std::uint64_t hopeful() const noexcept { return hopeful_; }
  std::size_t size() const noexcept { return heap_.size() + due_.size(); }

  /// Requires: `fiber` has no deadline here.
  void add(SimFiber& fiber, runtime::TimePoint deadline, bool hopeful);
  /// Takes the fiber's deadline out, if it has one.
  void remove(SimFiber& fiber) noexcept;
  /// The earliest deadline. Requires: not empty.
  runtime::TimePoint earliest() const noexcept;
  /// Gathers all deadlines up to `now`; answers how many fibers are due.
  std::size_t gather(runtime::TimePoint now);
  /// Takes out the due fiber of that index, in order of (deadline, parking).
  SimFiber& take_due(std::size_t index);
  void clear() noexcept;

  /// A fiber without a deadline has this slot.
  static constexpr std::uint32_t no_slot = 0;

 private:
  static constexpr std::uint32_t due_slot = 0xffffffffu;
  static bool before(const SimFiber& a, const SimFiber& b) noexcept {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.timer_order < b.timer_order;
  }
  void place(std::size_t at, SimFiber& fiber) noexcept;
  void rise(std::size_t at, SimFiber& fiber) noexcept;
  void sink(std::size_t at, SimFiber& fiber) noexcept;
  SimFiber& pop() noexcept;

  std::vector<SimFiber*> heap_;  ///< `timer_slot` is the index and one.
  std::vector<SimFiber*> due_;
  std::uint64_t order_ = 0;
  std::uint64_t hopeful_ = 0;
};

}  // namespace thresher::sim
