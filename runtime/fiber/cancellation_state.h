// What a cancellation source and its tokens share: internal to cancellation.cc and its tests.
//
// Thread-safe by one short lock a state. Locks are taken child before parent never: cancelling a
// parent collects its children under its lock and cancels them after it. A deadline needs no fiber
// as long as only waits depend on it, since each wait is bounded by it; callbacks, and a deadline
// that comes when waits are already parked, get a background fiber that cancels then
// (DeadlineWatch).
#pragma once

#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace thresher::runtime::detail {

/// A registered callback. Shared by the state and the fiber that runs it.
struct CancellationCallback {
  std::uint64_t id = 0;
  WorkerId worker{};
  Task task;
  /// Taken by whoever comes first: the fiber that runs it, or the registration that is dropped.
  std::atomic<bool> pending{true};
};

/// The fiber that cancels a state at its deadline, as the state sees it. Shared by both, because
/// either may end first.
struct DeadlineWatch {
  ShortLock lock;
  Wait* wait = nullptr;
  bool stopped = false;
};

class CancellationState : public std::enable_shared_from_this<CancellationState> {
 public:
  using Parents = std::vector<std::shared_ptr<CancellationState>>;

  CancellationState(Scheduler& scheduler, TimePoint deadline) noexcept
      : scheduler_{scheduler}, deadline_{deadline} {}
  CancellationState(const CancellationState&) = delete;
  CancellationState& operator=(const CancellationState&) = delete;
  ~CancellationState();

  /// Makes this state follow `parents` and their deadlines. Requires: called once, before use.
  void link(Parents parents);
  void cancel() noexcept;
  void cancel_at(TimePoint deadline);
  bool is_cancelled() const noexcept;
  TimePoint deadline() const noexcept { return deadline_.load(std::memory_order_acquire); }
  /// Registers a callback and gives its id, never 0.
  std::uint64_t add_callback(Task task);
  void remove_callback(std::uint64_t id) noexcept;
  WaitEnd park(Scheduler& scheduler, Wait& wait, TimePoint deadline);

 private:
  /// A child's place in one parent's list; lives in the child.
  struct ChildLink {
    CancellationState* child = nullptr;
    CancellationState* parent = nullptr;
    ChildLink* next = nullptr;
    ChildLink* previous = nullptr;
    bool listed = false;
  };
  using Callbacks = std::vector<std::shared_ptr<CancellationCallback>>;

  bool add_child(ChildLink& link) noexcept;
  void start(const std::shared_ptr<CancellationCallback>& callback);
  void start_watch();
  void stop_watch() noexcept;
  void stop(DeadlineWatch& watch) noexcept;

  Scheduler& scheduler_;
  mutable ShortLock lock_;
  std::atomic<bool> cancelled_{false};
  std::atomic<TimePoint> deadline_;
  ListedWaits waits_;
  IntrusiveList<ChildLink> children_;
  Callbacks callbacks_;
  std::uint64_t last_callback_id_ = 0;
  std::shared_ptr<DeadlineWatch> watch_;
  TimePoint watched_deadline_ = no_deadline;
  Parents parents_;
  std::vector<ChildLink> links_;
};

}  // namespace thresher::runtime::detail
