// The pool's own fibers: the janitor, which starts a fiber for each slot that needs tending, and
// those fibers, which end with the slot idle, leased or gone.
//
// The janitor runs in the background and only waits; tending runs in the foreground, since somebody
// waits for it and it ends in bounded time. Nothing here is cancelled: what comes back must be made
// fit for the next tenant or disposed.
#include "thresher/gpu/pool_state.h"

#include "thresher/gpu/accelerator_state.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace thresher::gpu {

using runtime::Errc;
using runtime::Result;
using runtime::TimePoint;
using runtime::WaitEnd;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

void PoolState::start_janitor() {
  services_.scheduler.spawn({.worker = services_.scheduler.current_worker(),
                             .name = "pool.janitor",
                             .background = true},
                            [self = shared_from_this()] { self->run_janitor(); });
}

void PoolState::wake_janitor() noexcept {
  janitor_woken_ = true;
  if (janitor_ != nullptr) services_.scheduler.unpark(*janitor_, WaitEnd::satisfied);
}

void PoolState::run_janitor() {
  for (;;) {
    const TimePoint next = expire_idle_leases();
    runtime::Wait wait{{.verb = "wait for", .name = "returns"}};
    // An idle lease that expires is what a waiting acquire may be waiting for.
    wait.serves_foreground = true;
    std::vector<std::uint64_t> work;
    {
      const Guard guard{lock_};
      work.assign(work_.begin(), work_.end());
      work_.clear();
      janitor_woken_ = false;
      if (work.empty() && closed_ && slots_.empty()) return;
      if (work.empty()) janitor_ = &wait;
    }
    for (const std::uint64_t id : work) {
      services_.scheduler.spawn({.worker = services_.scheduler.current_worker(),
                                 .name = "pool.tender"},
                                [self = shared_from_this(), id] { self->tend(id); });
    }
    if (!work.empty()) continue;
    struct Entry {
      PoolState& pool;
      ~Entry() {
        const Guard guard{pool.lock_};
        pool.janitor_ = nullptr;
      }
    } entry{*this};
    services_.scheduler.park_until(wait, next);
  }
}

TimePoint PoolState::expire_idle_leases() {
  if (options_.lease_idle_timeout == runtime::forever) return runtime::no_deadline;
  const TimePoint now = services_.scheduler.now();
  TimePoint next = runtime::no_deadline;
  const Guard guard{lock_};
  for (auto& [id, slot] : slots_) {
    if (slot.state != SlotState::leased) continue;
    const TimePoint idle_from = slot.uses > 0 ? now : slot.last_use;
    const TimePoint end = runtime::deadline_after(idle_from, options_.lease_idle_timeout);
    if (end > now) {
      next = std::min(next, end);
      continue;
    }
    slot.authority.revoke();
    ++statistics_.expired;
    services_.probe.event({.kind = runtime::EventKind::lease_returned,
                           .subject = slot.accelerator->id().value,
                           .a = slot.lease,
                           .text = "expired"});
    tend_later(id, slot);
  }
  return next;
}

bool PoolState::somebody_waits() const {
  const Guard guard{lock_};
  return !waiters_.empty() && !surplus();
}

void PoolState::tend(std::uint64_t id) {
  runtime::Duration delay = options_.retry_delay;
  for (std::uint32_t failures = 0;; ++failures) {
    {
      const Guard guard{lock_};
      THRESHER_ASSERT(slots_.at(id).state == SlotState::tended);
    }
    const Result<void> made = create_member(id, failures);
    if (made && make_ready(id)) return;
    if (!made) {
      const Guard guard{lock_};
      if (!closed_) fail_front(made.error());
    }
    drop_member(id);
    // With nobody waiting there is no hurry: the next acquire tries again.
    if (!somebody_waits()) break;
    if (!runtime::sleep_for(services_.scheduler, delay)) break;
    delay = std::min(2 * delay, options_.retry_delay_max);
    if (!somebody_waits()) break;
  }
  retire(id);
}

std::optional<DeviceOrdinal> PoolState::pick_device(std::uint64_t id,
                                                    std::uint32_t failures) const {
  struct Candidate {
    DeviceOrdinal device;
    bool lost = false;
    std::uint32_t members = 0;
  };
  std::vector<Candidate> candidates;
  std::vector<DeviceOrdinal> devices = options_.devices;
  const auto count = factory_.device_count();
  if (!count) return std::nullopt;
  if (devices.empty()) {
    for (std::uint32_t i = 0; i < *count; ++i) devices.push_back(DeviceOrdinal{i});
  }
  const Guard guard{lock_};
  for (const DeviceOrdinal device : devices) {
    if (device.value >= *count) continue;
    Candidate candidate{.device = device, .lost = !factory_.usable(device)};
    for (const auto& [other, slot] : slots_) {
      if (other != id && slot.device == device) ++candidate.members;
    }
    if (options_.exclusive_devices && candidate.members > 0) continue;
    candidates.push_back(candidate);
  }
  if (candidates.empty()) return std::nullopt;
  // A lost device is asked only when there is no other: its answer says why.
  if (std::ranges::any_of(candidates, [](const Candidate& each) { return !each.lost; })) {
    std::erase_if(candidates, [](const Candidate& each) { return each.lost; });
  }
  std::ranges::stable_sort(candidates, {}, &Candidate::members);
  return candidates[failures % candidates.size()].device;
}

Result<void> PoolState::create_member(std::uint64_t id, std::uint32_t failures) {
  {
    const Guard guard{lock_};
    if (slots_.at(id).accelerator != nullptr || surplus()) return {};
  }
  const auto device = pick_device(id, failures);
  if (!device) {
    THRESHER_TRY(count, factory_.device_count());
    return runtime::fail(count == 0 ? Errc::not_found : Errc::capacity);
  }
  {
    const Guard guard{lock_};
    slots_.at(id).device = device;
  }
  const TimePoint deadline =
      runtime::deadline_after(services_.scheduler.now(), options_.create_timeout);
  THRESHER_TRY(accelerator, factory_.create(AcceleratorKind::cuda, *device,
                                            CallOptions::until(deadline)));
  const Guard guard{lock_};
  Slot& slot = slots_.at(id);
  slot.accelerator = std::move(accelerator);
  slot.used = false;
  if (failures > 0) ++statistics_.replaced;
  THRESHER_ASSERT(slots_.size() <= size_ || surplus());
  return {};
}

bool PoolState::make_ready(std::uint64_t id) {
  std::shared_ptr<Accelerator> accelerator;
  bool used = false;
  {
    const Guard guard{lock_};
    if (surplus()) return false;
    accelerator = slots_.at(id).accelerator;
    used = slots_.at(id).used;
  }
  // None when the pool was to shrink and then was not.
  if (accelerator == nullptr || (used && !clean(*accelerator))) return false;
  const TimePoint deadline = runtime::deadline_after(
      services_.scheduler.now(), factory_.options().recovery.canary_timeout);
  const Stamp checked = accelerator->stamp();
  const Result<void> canary = accelerator->run_canary(deadline);
  if (canary) return finish_tending(id, checked);
  // The incident ends with a canary of its own, in the epoch that it leaves behind.
  const auto recovered = accelerator->recover(canary.error(), {}, ResetType::context);
  if (!recovered || recovered->outcome != RecoveryOutcome::healthy) return false;
  const Stamp again = accelerator->stamp();
  const TimePoint later = runtime::deadline_after(
      services_.scheduler.now(), factory_.options().recovery.canary_timeout);
  return accelerator->run_canary(later) && finish_tending(id, again);
}

bool PoolState::clean(Accelerator& accelerator) {
  const auto recover = [&](runtime::Error cause, ResetType at_least) {
    // A reset that failed for any reason of its own calls for the next level, not for patience.
    if (!sufficient_level(cause.code)) cause.code = Errc::reset_failed;
    const auto recovered = accelerator.recover(cause, {}, at_least);
    return recovered && recovered->outcome == RecoveryOutcome::healthy;
  };
  const Result<ResetResult> reset = accelerator.reset(ResetOptions::GrainDeactivation);
  if (!reset || !reset->success) {
    const runtime::Error cause = reset ? *reset->error : reset.error();
    if (!recover(cause, ResetType::context)) return false;
  }
  const std::uint64_t limit = factory_.options().accelerator.quarantined_bytes_max;
  return accelerator.quarantined_bytes() <= limit ||
         recover(runtime::make_error(Errc::reset_failed), ResetType::hard);
}

bool PoolState::finish_tending(std::uint64_t id, const Stamp& verified) {
  const Guard guard{lock_};
  Slot& slot = slots_.at(id);
  slot.verified = verified;
  slot.used = false;
  if (surplus() || !healthy(slot)) return false;
  offer(id, slot);
  return true;
}

void PoolState::drop_member(std::uint64_t id) {
  std::shared_ptr<Accelerator> accelerator;
  {
    const Guard guard{lock_};
    Slot& slot = slots_.at(id);
    accelerator = std::exchange(slot.accelerator, nullptr);
    slot.device.reset();
  }
  if (accelerator == nullptr) return;
  const TimePoint deadline = runtime::deadline_after(
      services_.scheduler.now(), factory_.options().accelerator.blocking_call_timeout);
  // What a sick device does not take back goes with its process; the accelerator logs it.
  static_cast<void>(accelerator->dispose(CallOptions::until(deadline)).has_value());
}

void PoolState::retire(std::uint64_t id) {
  const Guard guard{lock_};
  THRESHER_ASSERT(slots_.at(id).accelerator == nullptr);
  slots_.erase(id);
  if (slots_.empty()) {
    while (runtime::Wait* const wait = closers_.pop_front()) {
      services_.scheduler.unpark(*wait, WaitEnd::satisfied);
    }
  }
  wake_janitor();
  if (!closed_) supply();
}

}  // namespace thresher::gpu
