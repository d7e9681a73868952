// Fault points of the accelerator layer that a plan addresses by name: resets and the canary.
//
// What a driver cannot be made to do (a reset that answers no success, or a false one) is made
// here, at the layer's own steps. The default never fires. `faults/` implements it from a plan.
#pragma once

#include "thresher/gpu/reset.h"

#include <cstdint>

namespace thresher::gpu {

/// What becomes of the step instead of its work.
enum class LayerFault : std::uint8_t {
  none,           ///< The step does its work.
  no_success,     ///< A reset answers a result without success; a canary computes a wrong answer.
  error,          ///< The step answers an error.
  hang,           ///< The step takes until its deadline and fails then.
  false_success,  ///< Nothing is done, and success is answered.
};

class LayerFaults {
 public:
  virtual ~LayerFaults() = default;
  /// Asked once for each reset, after its gate is held. Never parks.
  virtual LayerFault on_reset(DeviceOrdinal, ResetType) noexcept { return LayerFault::none; }
  /// Asked once for each canary. Never parks.
  virtual LayerFault on_canary(DeviceOrdinal) noexcept { return LayerFault::none; }
};

}  // namespace thresher::gpu
