// How accelerator calls enter and wait: internal to the accelerator's files.
//
// A call enters, queues work, leaves and only then waits: no Pass is held while the device works.
#pragma once

#include "thresher/gpu/accelerator_state.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/pass.h"
#include "thresher/runtime/base/error.h"

namespace thresher::gpu {

/// Checks authority, closed, quarantine, condition and `stamp`, then enters the gate; the buffers
/// whose handles were destroyed go back first. Parks while a reset runs.
runtime::Result<Pass> enter(AcceleratorState& state, const CallOptions& call, const Stamp& stamp);
/// The same with the accelerator's present stamp, for calls without handles.
runtime::Result<Pass> enter(AcceleratorState& state, const CallOptions& call);

/// Parks until the device is done, and notes what its status says. Requires: no Pass is held.
runtime::Result<void> wait_for(AcceleratorState& state, Completion& completion,
                               std::uint64_t epoch, const CallOptions& call);

/// Makes `stream` wait for uses of a buffer on other streams. [prompt]
runtime::Result<void> order_after(AcceleratorState& state, Pass& pass, std::uint32_t stream,
                                  const StreamUses& uses);

}  // namespace thresher::gpu
