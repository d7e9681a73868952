// Translates the effects that a plan's reader allows at a step; any other there is a defect of the
// reader and asserts.
#include "thresher/faults/layer_injector.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::faults {

using gpu::LayerFault;

LayerFault LayerInjector::on_reset(gpu::DeviceOrdinal device, gpu::ResetType type) noexcept {
  return pass({.kind = PointKind::reset,
               .reset = type,
               .device = device,
               .now = scheduler_.now()});
}

LayerFault LayerInjector::on_canary(gpu::DeviceOrdinal device) noexcept {
  return pass({.kind = PointKind::canary, .device = device, .now = scheduler_.now()});
}

LayerFault LayerInjector::pass(const Passing& passing) noexcept {
  THRESHER_ASSERT(passing.kind == PointKind::reset || passing.kind == PointKind::canary);
  if (scheduler_.unwinding()) return LayerFault::none;
  const auto effect = injector_.pass(passing);
  if (!effect) return LayerFault::none;
  if (effect->kind == FaultKind::no_success) return LayerFault::no_success;
  if (effect->kind == FaultKind::error) return LayerFault::error;
  if (effect->kind == FaultKind::hang) return LayerFault::hang;
  THRESHER_ASSERT(effect->kind == FaultKind::false_success);
  return LayerFault::false_success;
}

}  // namespace thresher::faults
