// The guide's housekeeping as parts: periodic resets and the check of memory before large work.
//
// Housekeeping never turns a success into a failure: what it meets is logged and left to the next
// operation's own error. Belongs to the worker that uses the accelerator.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/services.h"

#include <cstdint>

namespace thresher::gpu {

/// A Soft reset every `operations_per_reset` successful operations.
class PeriodicReset {
 public:
  explicit PeriodicReset(runtime::Services& services, const HousekeepingOptions& options = {});
  /// Counts one success and resets when it is time. True when a reset was tried and succeeded.
  bool after_success(Accelerator& accelerator, const CallOptions& call = {});
  std::uint64_t operations() const noexcept { return operations_; }

 private:
  runtime::Services& services_;
  std::uint64_t period_;
  std::uint64_t operations_ = 0;
};

/// Makes sure that `required` bytes times the margin can be had: trims what the accelerator's own
/// context caches first, since a reset frees no more than that of what others own. Errors: capacity
/// (not even `required` without margin is there), and the device's own.
runtime::Result<void> ensure_memory(runtime::Services& services, Accelerator& accelerator,
                                    std::uint64_t required, const HousekeepingOptions& options = {},
                                    const CallOptions& call = {});

}  // namespace thresher::gpu
