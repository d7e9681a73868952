// Deadlines of parked waits, earliest first; equal ones in order of arrival.
//
// A binary heap of small entries; each Wait's slot holds its place (index + 1, 0 for none), so that
// a wait that ends early leaves in logarithmic time without a search. Grows to the largest number
// of waits that were ever timed at once and allocates nothing else. Belongs to one worker.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/wait.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresher::runtime::detail {

class TimerHeap {
 public:
  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }
  /// The earliest deadline, or `no_deadline`.
  TimePoint earliest() const noexcept {
    return entries_.empty() ? no_deadline : entries_.front().deadline;
  }
  /// Requires: `wait` has no place here.
  void add(Wait& wait, TimePoint deadline);
  /// Requires: `wait` has a place here.
  void remove(Wait& wait) noexcept;
  /// Takes the earliest wait out if its deadline is not after `now`, else null.
  Wait* pop_due(TimePoint now) noexcept;

 private:
  struct Entry {
    TimePoint deadline;
    std::uint64_t order;
    Wait* wait;
  };
  static bool before(const Entry& a, const Entry& b) noexcept {
    return a.deadline != b.deadline ? a.deadline < b.deadline : a.order < b.order;
  }
  void put(std::size_t index, const Entry& entry) noexcept;
  void rise(std::size_t index, const Entry& entry) noexcept;
  void sink(std::size_t index, const Entry& entry) noexcept;

  std::vector<Entry> entries_;
  std::uint64_t order_ = 0;
};

}  // namespace thresher::runtime::detail
