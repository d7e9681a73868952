// Replacing the process that holds a device's driver: what Full does, and what a create does that
// finds it poisoned.
#pragma once

#include "thresher/gpu/device_node.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <vector>

namespace thresher::gpu {

struct ReplacedProcess {
  std::uint64_t freed_bytes = 0;
  std::uint64_t operations_dropped = 0;
  std::uint32_t kernels_dropped = 0;
  /// Every accelerator of the process, `leaving` included.
  std::vector<Invalidated> invalidated;
};

/// Kills the process, forgets what was in it, and starts it again with the context of every
/// accelerator but `leaving`, unless nobody is left to use it. Calls that were inside answer
/// process_lost. Requires: the node's full gate is held alone. Parks, until `deadline` at most.
/// Errors: needs_isolation, timeout, those of starting. After an error the node is sick until a
/// later replacement succeeds.
runtime::Result<ReplacedProcess> replace_process(DeviceNode& node, const AcceleratorState* leaving,
                                                 runtime::TimePoint deadline);

/// Makes a context again and the streams of its members. Requires: held alone. On an error the
/// context is sick.
runtime::Result<void> revive_context(DeviceContext& context, runtime::TimePoint deadline);

}  // namespace thresher::gpu
