// The shared state of cancellation: waits, callbacks, children and the deadline.
//
// Nothing of a user runs under the lock, and no destructor of a user: callbacks are started,
// dropped and destroyed after it was given back.
#include "thresher/runtime/fiber/cancellation_state.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace thresher::runtime::detail {
namespace {

using Guard = std::lock_guard<ShortLock>;

/// The body of a deadline's fiber. Holds the state weakly: a state that nobody uses any more
/// stops it.
void watch_deadline(Scheduler& scheduler, const std::weak_ptr<CancellationState>& state,
                    DeadlineWatch& watch, TimePoint deadline) {
  struct Leave {
    DeadlineWatch& watch;
    ~Leave() {
      const Guard guard{watch.lock};
      watch.wait = nullptr;
    }
  };
  Wait wait{Operation{.verb = "wait for", .name = "cancellation deadline"}};
  wait.serves_foreground = true;
  {
    const Guard guard{watch.lock};
    if (watch.stopped) return;
    watch.wait = &wait;
  }
  WaitEnd end;
  {
    const Leave leave{watch};
    end = scheduler.park_until(wait, deadline);
  }
  if (end != WaitEnd::timed_out) return;
  if (const auto alive = state.lock()) alive->cancel();
}

}  // namespace

CancellationState::~CancellationState() {
  for (ChildLink& link : links_) {
    const Guard guard{link.parent->lock_};
    if (link.listed) link.parent->children_.remove(link);
  }
  THRESHER_ASSERT(waits_.empty() || scheduler_.unwinding());
  stop_watch();
}

void CancellationState::link(Parents parents) {
  THRESHER_ASSERT(links_.empty());
  parents_ = std::move(parents);
  links_.reserve(parents_.size());  // The parents keep pointers into it.
  TimePoint deadline = deadline_.load(std::memory_order_relaxed);
  for (const auto& parent : parents_) {
    deadline = std::min(deadline, parent->deadline());
    links_.push_back(ChildLink{.child = this, .parent = parent.get()});
    if (!parent->add_child(links_.back())) cancelled_.store(true, std::memory_order_release);
  }
  deadline_.store(deadline, std::memory_order_release);
}

bool CancellationState::add_child(ChildLink& link) noexcept {
  const Guard guard{lock_};
  if (cancelled_.load(std::memory_order_relaxed)) return false;
  children_.push_back(link);
  return true;
}

void CancellationState::cancel() noexcept {
  Parents children;
  Callbacks callbacks;
  {
    const Guard guard{lock_};
    if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
    while (ListedWait* const entry = waits_.pop_front()) {
      scheduler_.unpark(*entry->wait, WaitEnd::cancelled);
    }
    // A child that is just dying waits for this lock to leave the list, and cannot be had any more.
    while (ChildLink* const link = children_.pop_front()) {
      if (auto child = link->child->weak_from_this().lock()) children.push_back(std::move(child));
    }
    callbacks = callbacks_;
  }
  stop_watch();
  for (const auto& callback : callbacks) start(callback);
  for (const auto& child : children) child->cancel();
}

void CancellationState::cancel_at(TimePoint deadline) {
  bool watch = false;
  {
    const Guard guard{lock_};
    if (deadline >= deadline_.load(std::memory_order_relaxed)) return;
    if (cancelled_.load(std::memory_order_relaxed)) return;
    deadline_.store(deadline, std::memory_order_release);
    watch = !waits_.empty() || !children_.empty() || !callbacks_.empty();
  }
  if (watch) start_watch();
}

bool CancellationState::is_cancelled() const noexcept {
  if (cancelled_.load(std::memory_order_acquire)) return true;
  const TimePoint at = deadline();
  return at != no_deadline && scheduler_.now() >= at;
}

std::uint64_t CancellationState::add_callback(Task task) {
  const auto callback = std::make_shared<CancellationCallback>();
  callback->worker = scheduler_.current_worker();
  callback->task = std::move(task);
  bool cancelled = false;
  {
    const Guard guard{lock_};
    callback->id = ++last_callback_id_;
    callbacks_.push_back(callback);
    cancelled = cancelled_.load(std::memory_order_relaxed);
  }
  if (cancelled) {
    start(callback);
  } else if (is_cancelled()) {
    cancel();
  } else if (deadline() != no_deadline) {
    start_watch();
  }
  return callback->id;
}

void CancellationState::remove_callback(std::uint64_t id) noexcept {
  std::shared_ptr<CancellationCallback> removed;  // Destroyed after the lock is given back.
  const Guard guard{lock_};
  const auto at = std::ranges::find(callbacks_, id, [](const auto& each) { return each->id; });
  THRESHER_ASSERT(at != callbacks_.end());
  removed = std::move(*at);
  callbacks_.erase(at);
  removed->pending.store(false, std::memory_order_release);
}

WaitEnd CancellationState::park(Scheduler& scheduler, Wait& wait, TimePoint deadline) {
  THRESHER_ASSERT(&scheduler == &scheduler_);
  struct Entry {
    CancellationState& state;
    ListedWait listed;
    ~Entry() {
      const Guard guard{state.lock_};
      if (listed.listed) state.waits_.remove(listed);
    }
  };
  const auto keep = shared_from_this();  // The token may die in its fiber's absence.
  Entry entry{*this, ListedWait{wait}};
  TimePoint own;
  {
    const Guard guard{lock_};
    own = deadline_.load(std::memory_order_relaxed);
    if (cancelled_.load(std::memory_order_relaxed)) {
      scheduler.unpark(wait, WaitEnd::cancelled);
    } else {
      waits_.push_back(entry.listed);
    }
  }
  const WaitEnd end = scheduler.park_until(wait, std::min(own, deadline));
  return end == WaitEnd::timed_out && own < deadline ? WaitEnd::cancelled : end;
}

void CancellationState::start(const std::shared_ptr<CancellationCallback>& callback) {
  if (!callback->pending.load(std::memory_order_acquire)) return;
  const SpawnOptions options{.worker = callback->worker, .name = "on_cancel"};
  scheduler_.spawn(options, [callback] {
    if (!callback->pending.exchange(false, std::memory_order_acq_rel)) return;
    callback->task();
    callback->task.reset();
  });
}

void CancellationState::start_watch() {
  const auto watch = std::make_shared<DeadlineWatch>();
  std::shared_ptr<DeadlineWatch> later;
  TimePoint at;
  {
    const Guard guard{lock_};
    at = deadline_.load(std::memory_order_relaxed);
    if (watched_deadline_ <= at || cancelled_.load(std::memory_order_relaxed)) return;
    watched_deadline_ = at;
    later = std::exchange(watch_, watch);
  }
  if (later != nullptr) stop(*later);
  const SpawnOptions options{.worker = scheduler_.current_worker(),
                             .name = "cancellation deadline",
                             .background = true};
  scheduler_.spawn(options, [scheduler = &scheduler_, state = weak_from_this(), watch, at] {
    watch_deadline(*scheduler, state, *watch, at);
  });
}

void CancellationState::stop_watch() noexcept {
  std::shared_ptr<DeadlineWatch> watch;
  {
    const Guard guard{lock_};
    watch = std::move(watch_);
  }
  if (watch != nullptr) stop(*watch);
}

void CancellationState::stop(DeadlineWatch& watch) noexcept {
  const Guard guard{watch.lock};
  watch.stopped = true;
  if (watch.wait != nullptr) scheduler_.unpark(*watch.wait, WaitEnd::satisfied);
}

}  // namespace thresher::runtime::detail
