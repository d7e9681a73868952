// Retries with progressive reset: the guide's pattern without its defects.
//
// The failed operation's class decides: a caller's bug, a cancellation or a deadline of the
// caller ends at once; capacity and unavailable back off without any reset; everything else
// goes through Recovery, at least one level higher with each attempt (Context, Hard, Full). The
// error that the caller sees is the operation's own last one, never that of the housekeeping
// after it. The operation is called anew each time, since its buffers and kernels may be stale.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/services.h"

#include <cstdint>
#include <memory>

namespace thresher::gpu {

/// base x 2^attempt, at most `delay_max`. `attempt` counts from 1, as the guide's.
runtime::Duration backoff(const RetryOptions& options, std::uint32_t attempt) noexcept;

/// The level below which attempt number `attempt` (from 1) does not recover: the guide's 1 Context,
/// 2 Hard, then Full.
ResetType progressive_level(std::uint32_t attempt) noexcept;

namespace detail {
/// Housekeeping between two attempts. True when another attempt makes sense.
bool prepare_retry(runtime::Services& services, Accelerator& accelerator,
                   const RetryOptions& options, std::uint32_t attempt, const runtime::Error& error,
                   const CallOptions& call);
}  // namespace detail

/// Calls `operation(accelerator)`, which gives a Result, until it succeeds, it makes no sense any
/// more, or `attempts_max` were made.
template <typename F>
auto retry_with_progressive_reset(runtime::Services& services, Accelerator& accelerator,
                                  const RetryOptions& options, const CallOptions& call,
                                  F&& operation) -> decltype(operation(accelerator)) {
  for (std::uint32_t attempt = 1;; ++attempt) {
    auto result = operation(accelerator);
    if (result.has_value() || attempt >= options.attempts_max) return result;
    if (!detail::prepare_retry(services, accelerator, options, attempt, result.error(), call)) {
      return result;
    }
  }
}

}  // namespace thresher::gpu
