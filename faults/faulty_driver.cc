// What each effect does to a call. Device effects are made before the call is passed on, so that
// the work which the call submits, and no other, is struck.
#include "thresher/faults/faulty_driver.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::faults {

using gpu::DriverCall;
using gpu::Status;

FaultyDriver::FaultyDriver(gpu::Driver& inner, WorkSaboteur* work, Injector& injector,
                           runtime::Scheduler& scheduler,
                           std::optional<gpu::DeviceOrdinal> device)
    : ForwardingDriver{inner},
      work_{work},
      injector_{injector},
      scheduler_{scheduler},
      device_{device} {
  // A new process: what stayed with the old one is gone.
  if (device_) injector_.process_replaced(*device_);
}

Passing FaultyDriver::describe(const CallFacts& facts) {
  Passing passing{.kind = PointKind::call, .call = facts.call};
  passing.context = facts.context;
  passing.bytes = facts.bytes;
  passing.now = scheduler_.now();
  passing.device = device_;
  if (facts.names_device) {
    passing.device = facts.device;
  } else if (facts.context) {
    const std::lock_guard guard{lock_};
    const auto found = contexts_.find(facts.context);
    if (found != contexts_.end()) passing.device = found->second;
  }
  return passing;
}

FaultyDriver::Strike FaultyDriver::prepare(const Passing& passing) {
  THRESHER_ASSERT(passing.kind == PointKind::call);
  if (scheduler_.unwinding()) return {};
  if (const Status stays = injector_.sticky(passing); !stays.ok()) return {.answer = stays};
  const auto effect = injector_.pass(passing);
  return effect ? apply(*effect, passing) : Strike{};
}

FaultyDriver::Strike FaultyDriver::apply(const Effect& effect, const Passing& passing) {
  switch (effect.kind) {
    case FaultKind::result:
      injector_.stay(passing, effect.code, effect.until);
      return {.answer = Status{.code = effect.code, .injected = true}};
    case FaultKind::delay: scheduler_.spend(effect.duration); return {};
    case FaultKind::worker_dies:
      if (passing.device) injector_.processes()->kill_worker(*passing.device);
      return {};
    case FaultKind::kernel_stuck:
    case FaultKind::kernel_slow:
    case FaultKind::copy_slow:
    case FaultKind::launch_failed:
    case FaultKind::illegal_address:
    case FaultKind::misaligned_address:
    case FaultKind::device_assert:
    case FaultKind::ecc_uncorrectable:
    case FaultKind::nvlink_uncorrectable:
    case FaultKind::corrupted_result:
    case FaultKind::corrupted_copy:
      THRESHER_ASSERT(work_ != nullptr);
      work_->arm(effect);
      return {.answer = {}, .armed = true};
    case FaultKind::context_lost:
      THRESHER_ASSERT(work_ != nullptr);
      work_->lose_context(passing.context);
      return {};
    case FaultKind::fallen_off_bus:
    case FaultKind::memory_filled:
    case FaultKind::memory_fragmented:
      if (passing.device) injector_.devices()->strike(*passing.device, effect);
      return {};
    case FaultKind::device_missing:
    case FaultKind::no_success:
    case FaultKind::error:
    case FaultKind::hang:
    case FaultKind::false_success:
    case FaultKind::storage_fails_before:
    case FaultKind::storage_fails_after:
    case FaultKind::storage_conflict:
    case FaultKind::storage_slow: break;
  }
  // The plan's reader lets none of these stand at a driver call.
  THRESHER_UNREACHABLE();
}

void FaultyDriver::succeeded(const Passing& passing) {
  if (!passing.device) return;
  if (passing.call == DriverCall::launch_kernel) injector_.launched(*passing.device);
  if (passing.call != DriverCall::context_destroy) return;
  THRESHER_ASSERT(passing.context.value != 0);
  injector_.context_ended(*passing.device, passing.context);
  const std::lock_guard guard{lock_};
  contexts_.erase(passing.context);
}

void FaultyDriver::made(gpu::ContextHandle context, gpu::DeviceOrdinal device) {
  THRESHER_ASSERT(context.value != 0);
  const std::lock_guard guard{lock_};
  contexts_.insert_or_assign(context, device);
}

}  // namespace thresher::faults
