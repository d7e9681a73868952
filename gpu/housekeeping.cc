// Periodic resets and the check of memory before large work.
//
// Trimming comes before any reset: a Hard reset frees the caller's own buffers, which it is
// about to compute with, and nothing of anybody else's.
#include "thresher/gpu/housekeeping.h"

#include "thresher/runtime/base/assert.h"

#include <string>

namespace thresher::gpu {

using runtime::Errc;
using runtime::LogLevel;
using runtime::Result;

namespace {

void log(runtime::Services& services, LogLevel level, const std::string& text) {
  if (services.probe.logs(level)) services.probe.log(level, "gpu.housekeeping", text);
}

std::string megabytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MB"; }

/// `required` times the margin, rounded up; saturates.
std::uint64_t with_margin(std::uint64_t required, const HousekeepingOptions& options) {
  THRESHER_ASSERT(options.memory_margin_den >= 1);
  THRESHER_ASSERT(options.memory_margin_num >= options.memory_margin_den);
  if (required > UINT64_MAX / options.memory_margin_num) return UINT64_MAX;
  return (required * options.memory_margin_num + options.memory_margin_den - 1) /
         options.memory_margin_den;
}

}  // namespace

PeriodicReset::PeriodicReset(runtime::Services& services, const HousekeepingOptions& options)
    : services_{services}, period_{options.operations_per_reset} {
  THRESHER_ASSERT(period_ >= 1);
}

bool PeriodicReset::after_success(Accelerator& accelerator, const CallOptions& call) {
  if (++operations_ % period_ != 0) return false;
  const Result<ResetResult> reset = accelerator.reset(ResetOptions::Soft, call);
  if (reset && reset->success) {
    log(services_, LogLevel::info,
        "Performed periodic reset after " + std::to_string(operations_) + " operations");
    return true;
  }
  log(services_, LogLevel::warning,
      "Periodic reset failed: " +
          (reset ? reset->message() : runtime::describe(reset.error())));
  return false;
}

Result<void> ensure_memory(runtime::Services& services, Accelerator& accelerator,
                           std::uint64_t required, const HousekeepingOptions& options,
                           const CallOptions& call) {
  THRESHER_TRY(before, accelerator.info(call));
  if (before.available_memory >= with_margin(required, options)) return {};
  log(services, LogLevel::warning,
      "Low memory: " + megabytes(before.available_memory) + " available, " + megabytes(required) +
          " required");
  const Result<std::uint64_t> freed = accelerator.trim_memory(call);
  if (freed && *freed > 0) log(services, LogLevel::info, "Freed " + megabytes(*freed));
  THRESHER_TRY(after, accelerator.info(call));
  if (after.available_memory < required) return runtime::fail(Errc::capacity);
  return {};
}

}  // namespace thresher::gpu
