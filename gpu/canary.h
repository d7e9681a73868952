// The canary: a kernel whose answer is known. A device is handed out only after it passed.
//
// Uses only what every caller may use, so that it passes exactly when a caller would.
#pragma once

#include "thresher/gpu/compiler.h"
#include "thresher/gpu/layer_faults.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"

namespace thresher::gpu {

class Accelerator;

/// Its source, PTX (NVRTC of CUDA 13.0, compute_75) and host body.
const KernelSource& canary_source() noexcept;

/// Allocates, copies in, computes, copies out and compares with the host's own answer. Parks, until
/// `deadline` at most. Errors: reset_failed (a wrong answer), and whatever a call answered.
runtime::Result<void> compute_canary(Accelerator& accelerator, LayerFaults& faults,
                                     runtime::TimePoint deadline);

}  // namespace thresher::gpu
