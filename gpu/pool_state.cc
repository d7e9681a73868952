// PoolState: acquiring, leasing and giving back; the fibers that tend slots are in pool_tender.cc.
//
// Whoever makes a slot idle offers it to the waiter who came first, under the lock that waiters
// leave by, so that a grant reaches a waiter or the next one and is never lost.
#include "thresher/gpu/pool_state.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::EventKind;
using runtime::fail;
using runtime::Result;
using runtime::WaitEnd;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

PoolState::PoolState(AcceleratorFactory& factory, PoolOptions options)
    : factory_{factory},
      services_{factory.services()},
      options_{std::move(options)},
      operation_{.verb = "acquire",
                 .name = "accelerator pool",
                 .object = services_.scheduler.new_object()},
      size_{options_.size} {
  THRESHER_ASSERT(size_ >= 1);
}

PoolState::~PoolState() { THRESHER_ASSERT(waiters_.empty() || services_.scheduler.unwinding()); }

Result<Lease> PoolState::acquire(const CallOptions& call, bool wait_for_returns) {
  services_.scheduler.touch(operation_);
  if (!call.authority.valid()) return fail(Errc::refused);
  THRESHER_TRY_VOID(call.token.check());
  Grant grant;
  runtime::Wait wait{operation_};
  wait.payload = &grant;
  {
    const Guard guard{lock_};
    if (closed_) return fail(Errc::closed);
    if (waiters_.empty()) {
      if (auto taken = take_idle()) {
        return Lease{shared_from_this(), taken->lease, taken->authority, taken->accelerator};
      }
    }
    const std::uint64_t coming = count(SlotState::tended) + size_ - std::min<std::uint64_t>(
                                                                        size_, slots_.size());
    if (!wait_for_returns && coming <= waiters_.size()) return fail(Errc::capacity);
    if (waiters_.size() >= options_.waiters_max) return fail(Errc::overloaded);
    waiters_.push_back(wait);
    supply();
  }
  struct Entry {
    PoolState& pool;
    runtime::Wait& waiting;
    ~Entry() {
      const Guard guard{pool.lock_};
      if (waiting.listed) pool.waiters_.remove(waiting);
    }
  } entry{*this, wait};
  const runtime::TimePoint patience =
      runtime::deadline_after(services_.scheduler.now(), options_.acquire_timeout);
  const WaitEnd end =
      call.token.park(services_.scheduler, wait, std::min(call.deadline, patience));
  if (end != WaitEnd::satisfied) return fail(runtime::result_of(end).error().code);
  const Guard guard{lock_};  // Who granted filled the grant in under this lock.
  if (grant.error) return runtime::Unexpected{*grant.error};
  THRESHER_ASSERT(grant.accelerator != nullptr);
  return Lease{shared_from_this(), grant.lease, grant.authority, std::move(grant.accelerator)};
}

bool PoolState::healthy(const Slot& slot) const {
  return slot.accelerator->usable() && slot.accelerator->stamp() == slot.verified;
}

std::optional<PoolState::Grant> PoolState::take_idle() {
  for (;;) {
    Slots::iterator best = slots_.end();
    for (auto at = slots_.begin(); at != slots_.end(); ++at) {
      const bool idle = at->second.state == SlotState::idle;
      if (idle && (best == slots_.end() || at->second.idle_since < best->second.idle_since)) {
        best = at;
      }
    }
    if (best == slots_.end()) return std::nullopt;
    if (healthy(best->second)) {
      Grant grant;
      lease_out(best->second, grant);
      return grant;
    }
    // A reset or an error of its process came between: its canary must pass again.
    tend_later(best->first, best->second);
  }
}

void PoolState::lease_out(Slot& slot, Grant& grant) {
  THRESHER_ASSERT(slot.state != SlotState::leased);
  THRESHER_ASSERT(slot.accelerator != nullptr);
  THRESHER_ASSERT(slot.accelerator->stamp() == slot.verified);
  slot.state = SlotState::leased;
  slot.lease = ++last_id_;
  slot.authority = AuthoritySource{};
  slot.used = true;
  slot.uses = 0;
  slot.last_use = services_.scheduler.now();
  grant.lease = slot.lease;
  grant.authority = slot.authority.authority();
  grant.accelerator = slot.accelerator;
  ++statistics_.granted;
  services_.probe.event({.kind = EventKind::lease_granted,
                         .subject = slot.accelerator->id().value,
                         .a = slot.lease,
                         .text = "pool"});
  if (options_.lease_idle_timeout != runtime::forever) wake_janitor();
  check();
}

void PoolState::tend_later(std::uint64_t id, Slot& slot) {
  slot.state = SlotState::tended;
  slot.lease = 0;
  work_.push_back(id);
  wake_janitor();
}

void PoolState::supply() {
  while (slots_.size() < size_ && count(SlotState::tended) < waiters_.size()) {
    const std::uint64_t id = ++last_id_;
    tend_later(id, slots_[id]);
  }
  check();
}

void PoolState::offer(std::uint64_t id, Slot& slot) {
  THRESHER_ASSERT(slot.state == SlotState::tended);
  while (runtime::Wait* const wait = waiters_.pop_front()) {
    // False: that wait ended before; what it would have had goes to the next.
    if (!services_.scheduler.unpark(*wait, WaitEnd::satisfied)) continue;
    lease_out(slot, *static_cast<Grant*>(wait->payload));
    return;
  }
  slot.state = SlotState::idle;
  slot.idle_since = ++last_id_;
  static_cast<void>(id);
  check();
}

bool PoolState::fail_front(const runtime::Error& error) {
  while (runtime::Wait* const wait = waiters_.pop_front()) {
    if (!services_.scheduler.unpark(*wait, WaitEnd::satisfied)) continue;
    static_cast<Grant*>(wait->payload)->error = error;
    return true;
  }
  return false;
}

void PoolState::fail_all(const runtime::Error& error) {
  while (fail_front(error)) {
  }
}

Result<std::shared_ptr<Accelerator>> PoolState::begin_use(std::uint64_t lease) {
  const Guard guard{lock_};
  Slot* const slot = slot_of_lease(lease);
  if (slot == nullptr) return fail(Errc::refused, lease);
  ++slot->uses;
  slot->last_use = services_.scheduler.now();
  return slot->accelerator;
}

void PoolState::end_use(std::uint64_t lease) noexcept {
  const Guard guard{lock_};
  Slot* const slot = slot_of_lease(lease);
  if (slot == nullptr) return;
  THRESHER_ASSERT(slot->uses > 0);
  --slot->uses;
  slot->last_use = services_.scheduler.now();
}

void PoolState::give_back(std::uint64_t lease) noexcept {
  if (services_.scheduler.unwinding()) return;
  const Guard guard{lock_};
  for (auto& [id, slot] : slots_) {
    if (slot.state != SlotState::leased || slot.lease != lease) continue;
    slot.authority.revoke();
    services_.probe.event({.kind = EventKind::lease_returned,
                           .subject = slot.accelerator->id().value,
                           .a = lease,
                           .text = "pool"});
    tend_later(id, slot);
    check();
    return;
  }
}

bool PoolState::leased(std::uint64_t lease) const noexcept {
  const Guard guard{lock_};
  return slot_of_lease(lease) != nullptr;
}

PoolState::Slot* PoolState::slot_of_lease(std::uint64_t lease) {
  for (auto& [id, slot] : slots_) {
    if (slot.state == SlotState::leased && slot.lease == lease) return &slot;
  }
  return nullptr;
}

const PoolState::Slot* PoolState::slot_of_lease(std::uint64_t lease) const {
  return const_cast<PoolState*>(this)->slot_of_lease(lease);
}

std::uint32_t PoolState::count(SlotState state) const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      slots_, [state](const auto& entry) { return entry.second.state == state; }));
}

void PoolState::resize(std::uint32_t size) {
  THRESHER_ASSERT(size >= 1);
  const Guard guard{lock_};
  size_ = size;
  std::size_t leaving = slots_.size() > size ? slots_.size() - size : 0;
  for (auto& [id, slot] : slots_) {
    if (leaving == 0) break;
    if (slot.state != SlotState::idle) continue;
    --leaving;
    tend_later(id, slot);
  }
  supply();
}

void PoolState::stop() noexcept {
  const Guard guard{lock_};
  closed_ = true;
  fail_all(runtime::make_error(Errc::closed));
  for (auto& [id, slot] : slots_) {
    if (slot.state == SlotState::idle) tend_later(id, slot);
  }
  wake_janitor();
}

Result<void> PoolState::wait_until_empty(const CallOptions& call) {
  runtime::Wait wait{{.verb = "close", .name = "accelerator pool", .object = operation_.object}};
  {
    const Guard guard{lock_};
    if (slots_.empty()) return {};
    closers_.push_back(wait);
  }
  struct Entry {
    PoolState& pool;
    runtime::Wait& waiting;
    ~Entry() {
      const Guard guard{pool.lock_};
      if (waiting.listed) pool.closers_.remove(waiting);
    }
  } entry{*this, wait};
  const WaitEnd end = call.token.park(services_.scheduler, wait, call.deadline);
  return runtime::result_of(end);
}

PoolStatistics PoolState::statistics() const {
  const Guard guard{lock_};
  PoolStatistics result = statistics_;
  result.size = size_;
  result.idle = count(SlotState::idle);
  result.leased = count(SlotState::leased);
  result.tended = count(SlotState::tended);
  result.empty = size_ - std::min<std::uint32_t>(size_, result.accelerators());
  result.waiting = waiters_.size();
  return result;
}

void PoolState::check() const {
  for (auto one = slots_.begin(); one != slots_.end(); ++one) {
    if (one->second.accelerator == nullptr) {
      THRESHER_ASSERT(one->second.state == SlotState::tended);
      continue;
    }
    for (auto other = std::next(one); other != slots_.end(); ++other) {
      THRESHER_ASSERT(one->second.accelerator != other->second.accelerator);
    }
  }
}

}  // namespace thresher::gpu
