// Translates effects of the plan into faults of work and devices. Codes are those of the table of
// result codes; a lost device answers `unknown`, as uncontained errors and Xid 79 do.
#include "thresher/sim/device/simulated_saboteur.h"

#include "thresher/runtime/base/assert.h"

#include <mutex>

namespace thresher::sim {

using faults::Effect;
using faults::FaultKind;
using gpu::DriverResult;

namespace {

StuckUntil stuck_until(faults::Until until) {
  switch (until) {
    case faults::Until::context_destroyed: return StuckUntil::context_destroyed;
    case faults::Until::call:
    case faults::Until::process_replaced: return StuckUntil::process_replaced;
    case faults::Until::never: return StuckUntil::never;
  }
  THRESHER_UNREACHABLE();
}

/// The code with which work of that kind of fault ends; success where it runs.
DriverResult code_of(FaultKind kind) {
  if (kind == FaultKind::launch_failed) return DriverResult::launch_failed;
  if (kind == FaultKind::illegal_address) return DriverResult::illegal_address;
  if (kind == FaultKind::misaligned_address) return DriverResult::misaligned_address;
  if (kind == FaultKind::device_assert) return DriverResult::assert;
  if (kind == FaultKind::ecc_uncorrectable) return DriverResult::ecc_uncorrectable;
  if (kind == FaultKind::nvlink_uncorrectable) return DriverResult::nvlink_uncorrectable;
  return DriverResult::success;
}

}  // namespace

WorkFault work_fault(const Effect& effect) {
  WorkFault fault;
  fault.result = code_of(effect.kind);
  fault.delay = effect.duration;
  if (effect.kind == FaultKind::kernel_stuck && effect.duration.count() == 0) {
    fault.stuck = true;
    fault.until = stuck_until(effect.until);
  }
  fault.corrupt =
      effect.kind == FaultKind::corrupted_result || effect.kind == FaultKind::corrupted_copy;
  THRESHER_ASSERT(fault.any());
  return fault;
}

void SimulatedWorkSaboteur::lose_context(gpu::ContextHandle context) {
  driver_.lose_context(context, {.code = DriverResult::context_is_destroyed, .injected = true});
}

bool SimulatedDeviceSaboteur::can(FaultKind kind) const noexcept {
  return faults::kind_row(kind).made_at == faults::MadeAt::device;
}

void SimulatedDeviceSaboteur::strike(gpu::DeviceOrdinal ordinal, const Effect& effect) {
  const std::lock_guard guard{machine_.lock()};
  const runtime::TimePoint now = scheduler_.now();
  machine_.advance(now);
  SimulatedDevice& device = machine_.device(ordinal);
  if (effect.kind == FaultKind::memory_filled) {
    device.memory().limit_fill(effect.bytes);
  } else if (effect.kind == FaultKind::memory_fragmented) {
    device.memory().fragment(effect.bytes);
  } else {
    THRESHER_ASSERT(effect.kind == FaultKind::fallen_off_bus ||
                    effect.kind == FaultKind::device_missing);
    const DriverResult code = effect.kind == FaultKind::device_missing ? DriverResult::no_device
                                                                       : DriverResult::unknown;
    device.break_down(DeviceHealth::lost, {.code = code, .injected = true}, now);
  }
}

void SimulatedDeviceSaboteur::heal(gpu::DeviceOrdinal device) {
  const std::lock_guard guard{machine_.lock()};
  const runtime::TimePoint now = scheduler_.now();
  machine_.advance(now);
  machine_.device(device).repair(now);
}

}  // namespace thresher::sim
