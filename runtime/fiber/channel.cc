// The untyped half of Channel.
//
// Hand-over: whoever makes room or brings an item ends the wait of the one that came first, and at
// once, still under the lock, puts or takes on its behalf. So nobody barges in, and an item given
// to a receiver whose wait had ended goes to the next one. Two facts hold whenever the lock is
// free: senders wait only while it is full, receivers only while it is empty.
#include "thresher/runtime/fiber/channel.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/short_lock.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <mutex>

namespace thresher::runtime::detail {

using Guard = std::lock_guard<ShortLock>;
using Action = UniqueFunction<void()>;

struct ChannelCore::Impl {
  Scheduler& scheduler;
  Operation sending;
  Operation receiving;
  std::size_t capacity;
  ShortLock lock;
  WaitList senders;
  WaitList receivers;
  std::size_t count = 0;
  bool closed = false;

  Impl(Scheduler& the_scheduler, const char* name, std::size_t the_capacity, ObjectId object)
      : scheduler{the_scheduler},
        sending{.verb = "send to", .name = name, .object = object},
        receiving{.verb = "receive from", .name = name, .object = object},
        capacity{the_capacity} {}

  bool can_send() const noexcept { return count < capacity; }
  bool can_receive() const noexcept { return count > 0; }

  void put(Action& action) {
    THRESHER_ASSERT(can_send());
    action();
    ++count;
  }
  void get(Action& action) {
    THRESHER_ASSERT(can_receive());
    action();
    --count;
  }

  /// Ends the first wait of `list` that has not ended yet and gives its action, else null.
  Action* grant(WaitList& list) noexcept {
    while (Wait* const wait = list.pop_front()) {
      if (!scheduler.unpark(*wait, WaitEnd::satisfied)) continue;
      wait->granted = true;
      return static_cast<Action*>(wait->payload);
    }
    return nullptr;
  }

  /// Lets waiters of both sides act until none can.
  void serve() {
    for (bool progress = true; progress;) {
      progress = false;
      if (Action* const next = can_receive() ? grant(receivers) : nullptr) {
        get(*next);
        progress = true;
      }
      if (Action* const next = can_send() && !closed ? grant(senders) : nullptr) {
        put(*next);
        progress = true;
      }
    }
  }

  void wake_all(WaitList& list) noexcept {
    while (Wait* const wait = list.pop_front()) scheduler.unpark(*wait, WaitEnd::satisfied);
  }

  void leave(WaitList& list, Wait& wait) noexcept {
    const Guard guard{lock};
    if (wait.listed) list.remove(wait);
  }
};

namespace {

/// Takes a wait out of its list under the lock. Holds the channel's core, since in an ending
/// process the channel may die before those who wait on it.
template <typename Impl>
struct Leave {
  std::shared_ptr<Impl> impl;
  WaitList& list;
  Wait& wait;
  ~Leave() { impl->leave(list, wait); }
};

}  // namespace

ChannelCore::ChannelCore(Scheduler& scheduler, const char* name, std::size_t capacity) {
  THRESHER_ASSERT(capacity >= 1);
  impl_ = std::make_shared<Impl>(scheduler, name, capacity, scheduler.new_object());
}

ChannelCore::~ChannelCore() {
  THRESHER_ASSERT(impl_->senders.empty() || impl_->scheduler.unwinding());
  THRESHER_ASSERT(impl_->receivers.empty() || impl_->scheduler.unwinding());
}

Result<void> ChannelCore::send(Action put, const CancellationToken& token, TimePoint deadline) {
  const auto impl = impl_;
  impl->scheduler.touch(impl->sending);
  if (token.is_cancelled()) return fail(Errc::cancelled);
  Wait wait{impl->sending};
  wait.payload = &put;
  {
    const Guard guard{impl->lock};
    if (impl->closed) return fail(Errc::closed);
    if (impl->can_send()) {
      impl->put(put);
      impl->serve();
      return {};
    }
    impl->senders.push_back(wait);
  }
  const Leave<Impl> leave{impl, impl->senders, wait};
  return ended(token.park(impl->scheduler, wait, deadline), wait);
}

Result<void> ChannelCore::receive(Action get, const CancellationToken& token,
                                  TimePoint deadline) {
  const auto impl = impl_;
  impl->scheduler.touch(impl->receiving);
  if (token.is_cancelled()) return fail(Errc::cancelled);
  Wait wait{impl->receiving};
  wait.payload = &get;
  {
    const Guard guard{impl->lock};
    if (impl->can_receive()) {
      impl->get(get);
      impl->serve();
      return {};
    }
    if (impl->closed) return fail(Errc::closed);
    impl->receivers.push_back(wait);
  }
  const Leave<Impl> leave{impl, impl->receivers, wait};
  return ended(token.park(impl->scheduler, wait, deadline), wait);
}

Result<void> ChannelCore::ended(WaitEnd end, const Wait& wait) const {
  if (end != WaitEnd::satisfied) return result_of(end);
  // Whoever ended the wait wrote `granted` under the lock, after waking this fiber.
  const Guard guard{impl_->lock};
  if (!wait.granted) return fail(Errc::closed);
  return {};
}

Result<void> ChannelCore::try_send(Action put) noexcept {
  const Guard guard{impl_->lock};
  if (impl_->closed) return fail(Errc::closed);
  if (!impl_->can_send()) return fail(Errc::overloaded);
  impl_->put(put);
  impl_->serve();
  return {};
}

void ChannelCore::close() noexcept {
  const Guard guard{impl_->lock};
  impl_->closed = true;
  impl_->wake_all(impl_->senders);
  impl_->wake_all(impl_->receivers);
}

std::size_t ChannelCore::size() const noexcept {
  const Guard guard{impl_->lock};
  return impl_->count;
}

bool ChannelCore::closed() const noexcept {
  const Guard guard{impl_->lock};
  return impl_->closed;
}

}  // namespace thresher::runtime::detail
