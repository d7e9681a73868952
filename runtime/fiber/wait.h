// One wait of one fiber: the small object through which primitives and schedulers meet.
//
// A Wait lives on the stack of the fiber that waits. The primitive that the fiber waits on keeps a
// pointer to it in its own list, under its own short lock, and takes it out before the wait's
// function returns. A wait ends in exactly one way, decided by the first `Scheduler::unpark` (or
// the deadline) and not when the fiber runs again; later attempts answer false, so that whoever
// granted something can give it to the next waiter.
#pragma once

#include "thresher/runtime/base/time.h"

#include <atomic>
#include <cstdint>

namespace thresher::runtime {

/// How a wait ended.
enum class WaitEnd : std::uint8_t { satisfied, cancelled, timed_out };

/// An object that fibers share, as strategies and reports see it. Ids are given by
/// `Scheduler::new_object`, in order of creation, so they are equal in two runs of one seed.
struct ObjectId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ObjectId&, const ObjectId&) = default;
};

/// What a fiber does next at a schedule point, or waits for. `verb` and `name` are literals or
/// otherwise outlive the wait ("lock", "pool.mutex").
struct Operation {
  const char* verb = "";
  const char* name = "";
  ObjectId object{};
  /// True when many fibers may do this at once without an order that matters (reading).
  bool reads_only = false;
};

class Wait {
 public:
  explicit Wait(Operation operation) noexcept : operation_{operation} {}
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  const Operation& operation() const noexcept { return operation_; }

  /// True when the deadline alone must count as foreground progress although the fiber is a
  /// background one: it will end foreground waits (a sweep of response timeouts).
  bool serves_foreground = false;

  /// For the scheduler only. The state goes armed -> parked -> ended, or armed -> ended.
  struct Slot {
    static constexpr std::uint8_t armed = 0;
    static constexpr std::uint8_t parked = 1;
    static constexpr std::uint8_t ended = 2;  // + WaitEnd
    std::atomic<std::uint8_t> state{armed};
    void* fiber = nullptr;       ///< Set by park_until; the scheduler's own record.
    std::uint64_t timer = 0;     ///< The scheduler's own place of the deadline.
  };
  Slot slot;

  /// For the primitive only: its intrusive list of waiters, in order of arrival.
  Wait* next = nullptr;
  Wait* previous = nullptr;
  bool listed = false;
  /// For the primitive only: set by who hands something over with a successful `unpark`, so that a
  /// waiter that is unwound instead of resumed can pass it on.
  bool granted = false;
  /// For the primitive only: what it hands over or asks for (permits wanted, where to put a value).
  void* payload = nullptr;
  std::uint64_t amount = 0;

 private:
  Operation operation_;
};

}  // namespace thresher::runtime
