// Faults of the accelerator layer's own steps, from a plan: resets and canaries that answer no
// success, an error, nothing until their deadline, or a lie.
#pragma once

#include "thresher/faults/injector.h"
#include "thresher/gpu/layer_faults.h"
#include "thresher/runtime/fiber/scheduler.h"

namespace thresher::faults {

class LayerInjector final : public gpu::LayerFaults {
 public:
  /// Both outlive this object.
  LayerInjector(Injector& injector, runtime::Scheduler& scheduler) noexcept
      : injector_{injector}, scheduler_{scheduler} {}

  gpu::LayerFault on_reset(gpu::DeviceOrdinal device, gpu::ResetType type) noexcept override;
  gpu::LayerFault on_canary(gpu::DeviceOrdinal device) noexcept override;

 private:
  gpu::LayerFault pass(const Passing& passing) noexcept;

  Injector& injector_;
  runtime::Scheduler& scheduler_;
};

}  // namespace thresher::faults
