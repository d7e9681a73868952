// What a module image becomes when the simulated driver loads it: the place where kinds of images
// meet the device. Host images are taken now; PTX comes with sim/ptx and cubin never (nothing here
// can run one), so both answer not_supported.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/sim/device/driver_state.h"

namespace thresher::sim {

/// Errors: not_supported (the kind), invalid_image (null, unnamed or twice the same function).
gpu::Answer<ModuleState> load_image(const gpu::ModuleImage& image);

/// The function of that name, or null.
const gpu::HostFunction* find_function(const ModuleState& module, std::string_view name);

}  // namespace thresher::sim
