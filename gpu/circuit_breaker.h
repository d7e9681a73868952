// CircuitBreaker: keeps callers away from a device that keeps failing.
//
// One a device. Closed -> open after `failure_threshold` failures in a row; open -> half-open after
// `open_for` of monotonic time, when one probe runs in a fiber of its own while callers are still
// refused; the probe closes it or opens it again. A missed deadline is a failure; what the caller
// brought about itself (cancellation, a bug, too little memory) is none. Any worker.
#pragma once

#include "thresher/gpu/device_info.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/services.h"

#include <cstdint>
#include <memory>

namespace thresher::gpu {

enum class BreakerState : std::uint8_t { closed, open, half_open };
std::string_view name(BreakerState state) noexcept;

/// True when an operation that ended so says something bad about the device.
bool counts_as_failure(runtime::Errc code) noexcept;

class CircuitBreaker {
 public:
  /// Makes the device healthy again and proves it: a reset and a canary. Runs in a fiber of the
  /// breaker and must end in bounded time.
  using Probe = runtime::UniqueFunction<runtime::Result<void>()>;

  CircuitBreaker(runtime::Services& services, DeviceOrdinal device, BreakerOptions options,
                 Probe probe);
  ~CircuitBreaker();
  CircuitBreaker(const CircuitBreaker&) = delete;
  CircuitBreaker& operator=(const CircuitBreaker&) = delete;

  /// Runs `operation` (which gives a Result) if the breaker is closed, and counts how it ended.
  /// Errors: breaker_open (nothing was called), and the operation's.
  template <typename F>
  auto run(F&& operation) -> decltype(operation()) {
    THRESHER_TRY(ticket, admit());
    auto result = operation();
    report(ticket, result.has_value() ? nullptr : &result.error());
    return result;
  }

  BreakerState state() const noexcept;
  std::uint32_t consecutive_failures() const noexcept;
  /// Times it opened.
  std::uint64_t opened_count() const noexcept;

 private:
  struct State;

  /// The period of the breaker in which an operation started: one that ends in a later period says
  /// nothing about the device as it is now.
  runtime::Result<std::uint64_t> admit();
  void report(std::uint64_t ticket, const runtime::Error* error);

  /// Shared with the probe's fiber, which may outlive the breaker.
  std::shared_ptr<State> state_;
};

}  // namespace thresher::gpu
