// An intrusive list of waits in order of arrival, for the primitives.
//
// Not thread-safe: the primitive guards it (or belongs to one worker). `WaitEntry` takes its wait
// out again however the wait's function is left, unwinding included.
#pragma once

#include <cstdint>

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/wait.h"

namespace thresher::runtime {

class WaitList {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  std::uint64_t size() const noexcept { return size_; }
  Wait* front() const noexcept { return first_; }

  void push_back(Wait& wait) noexcept {
    wait.previous = last_;
    wait.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &wait;
    last_ = &wait;
    ++size_;
  }

  /// Requires: `wait` is in this list.
  void remove(Wait& wait) noexcept {
    THRESHER_ASSERT(size_ > 0);
    (wait.previous != nullptr ? wait.previous->next : first_) = wait.next;
    (wait.next != nullptr ? wait.next->previous : last_) = wait.previous;
    wait.next = nullptr;
    wait.previous = nullptr;
    --size_;
  }

 private:
  Wait* first_ = nullptr;
  Wait* last_ = nullptr;
  std::uint64_t size_ = 0;
};

/// Keeps `wait` in `list` for a scope of the waiting fiber.
class WaitEntry {
 public:
  WaitEntry(WaitList& list, Wait& wait) noexcept : list_{list}, wait_{wait} {
    list_.push_back(wait_);
  }
  ~WaitEntry() { list_.remove(wait_); }
  WaitEntry(const WaitEntry&) = delete;
  WaitEntry& operator=(const WaitEntry&) = delete;

 private:
  WaitList& list_;
  Wait& wait_;
};

}  // namespace thresher::runtime
