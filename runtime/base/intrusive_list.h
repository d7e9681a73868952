// A doubly linked list through members of its elements: no allocation, removal from the middle.
//
// An element is any struct with members `T* next`, `T* previous` and `bool listed`. The list owns
// nothing; an element must leave before it dies, or the list must die first, which lets all go.
// Not thread-safe: whoever owns the list guards it.
#pragma once

#include "thresher/runtime/base/assert.h"

#include <cstdint>

namespace thresher::runtime {

template <typename T>
class IntrusiveList {
 public:
  IntrusiveList() noexcept = default;
  IntrusiveList(const IntrusiveList&) = delete;
  IntrusiveList& operator=(const IntrusiveList&) = delete;
  /// Lets all elements go, so that they do not touch a dead list later.
  ~IntrusiveList() {
    while (pop_front() != nullptr) {
    }
  }

  bool empty() const noexcept { return first_ == nullptr; }
  std::uint64_t size() const noexcept { return size_; }
  /// The element that came first, or null.
  T* front() const noexcept { return first_; }

  /// Requires: `element` is in no list.
  void push_back(T& element) noexcept {
    THRESHER_ASSERT(!element.listed);
    element.listed = true;
    element.previous = last_;
    element.next = nullptr;
    (last_ != nullptr ? last_->next : first_) = &element;
    last_ = &element;
    ++size_;
  }

  /// Requires: `element` is in this list.
  void remove(T& element) noexcept {
    THRESHER_ASSERT(element.listed);
    THRESHER_ASSERT(size_ > 0);
    (element.previous != nullptr ? element.previous->next : first_) = element.next;
    (element.next != nullptr ? element.next->previous : last_) = element.previous;
    element.next = nullptr;
    element.previous = nullptr;
    element.listed = false;
    --size_;
  }

  /// Takes the first element out and gives it; null when empty.
  T* pop_front() noexcept {
    T* const element = first_;
    if (element != nullptr) remove(*element);
    return element;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
  std::uint64_t size_ = 0;
};

}  // namespace thresher::runtime
