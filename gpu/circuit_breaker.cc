// CircuitBreaker: a count, an instant, and one probe at a time.
//
// The period goes up with each change of state, so that operations of an earlier one count no more.
#include "thresher/gpu/circuit_breaker.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <mutex>
#include <string>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::LogLevel;
using runtime::Result;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

struct CircuitBreaker::State {
  State(runtime::Services& the_services, DeviceOrdinal the_device, BreakerOptions the_options,
        Probe the_probe)
      : services{the_services},
        device{the_device},
        options{the_options},
        probe{std::move(the_probe)} {}

  void change(BreakerState to) {
    state = to;
    ++period;
    failures = 0;
    if (to != BreakerState::open) return;
    ++opened;
    opened_at = services.scheduler.now();
  }
  void log(LogLevel level, std::string text) const {
    if (!services.probe.logs(level)) return;
    services.probe.log(level, "gpu.breaker",
                       text + " (device " + std::to_string(device.value) + ")");
  }

  runtime::Services& services;
  DeviceOrdinal device;
  BreakerOptions options;
  /// Called by the probe's fiber only, of which there is at most one.
  Probe probe;
  mutable runtime::ShortLock lock;
  BreakerState state = BreakerState::closed;
  std::uint64_t period = 1;
  std::uint32_t failures = 0;
  std::uint64_t opened = 0;
  runtime::TimePoint opened_at{};
};

std::string_view name(BreakerState state) noexcept {
  switch (state) {
    case BreakerState::closed: return "closed";
    case BreakerState::open: return "open";
    case BreakerState::half_open: return "half-open";
  }
  THRESHER_UNREACHABLE();
}

bool counts_as_failure(Errc code) noexcept {
  switch (code) {
    case Errc::timeout:
    case Errc::process_gone:
    case Errc::unavailable:
    case Errc::context_lost:
    case Errc::process_lost:
    case Errc::device_lost:
    case Errc::quarantined:
    case Errc::reset_failed: return true;
    // Somebody's decision, somebody's bug, or too much asked: none of it is the device's fault.
    case Errc::cancelled:
    case Errc::closed:
    case Errc::invalid_argument:
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::uninitialised:
    case Errc::stale_handle:
    case Errc::refused:
    case Errc::unsupported:
    case Errc::needs_isolation:
    case Errc::capacity:
    case Errc::overloaded:
    case Errc::caller_bug:
    case Errc::compile_failed:
    case Errc::breaker_open:
    case Errc::rejected:
    case Errc::activation_failed:
    case Errc::grain_failed:
    case Errc::inconsistent_state:
    case Errc::storage_failed:
    case Errc::decode_failed:
    case Errc::configuration: return false;
  }
  THRESHER_UNREACHABLE();
}

CircuitBreaker::CircuitBreaker(runtime::Services& services, DeviceOrdinal device,
                               BreakerOptions options, Probe probe)
    : state_{std::make_shared<State>(services, device, options, std::move(probe))} {
  THRESHER_ASSERT(options.failure_threshold >= 1);
}

CircuitBreaker::~CircuitBreaker() = default;

Result<std::uint64_t> CircuitBreaker::admit() {
  State& s = *state_;
  {
    const Guard guard{s.lock};
    if (s.state == BreakerState::closed) return s.period;
    const bool over = s.services.scheduler.now() - s.opened_at >= s.options.open_for;
    if (s.state == BreakerState::half_open || !over) {
      return fail(Errc::breaker_open, s.device.value);
    }
    s.change(BreakerState::half_open);
  }
  s.log(LogLevel::info, "Attempting to close circuit breaker");
  // Off the caller's turn: it is refused still, and the device sees one probe.
  s.services.scheduler.spawn(
      {.worker = s.services.scheduler.current_worker(), .name = "breaker.probe"},
      [state = state_] {
        const Result<void> healthy = state->probe();
        {
          const Guard guard{state->lock};
          THRESHER_ASSERT(state->state == BreakerState::half_open);
          state->change(healthy ? BreakerState::closed : BreakerState::open);
        }
        state->log(healthy ? LogLevel::info : LogLevel::error,
                   healthy ? "Circuit breaker closed successfully"
                           : "Failed to close circuit breaker");
      });
  return fail(Errc::breaker_open, s.device.value);
}

void CircuitBreaker::report(std::uint64_t ticket, const runtime::Error* error) {
  State& s = *state_;
  std::uint32_t failures = 0;
  bool opens = false;
  {
    const Guard guard{s.lock};
    if (ticket != s.period) return;
    THRESHER_ASSERT(s.state == BreakerState::closed);
    if (error == nullptr) s.failures = 0;
    if (error == nullptr || !counts_as_failure(error->code)) return;
    failures = ++s.failures;
    opens = failures >= s.options.failure_threshold;
    if (opens) s.change(BreakerState::open);
  }
  s.log(opens ? LogLevel::critical : LogLevel::error,
        (opens ? "Circuit breaker opened after " : "Compute failed, consecutive failures: ") +
            std::to_string(failures));
}

BreakerState CircuitBreaker::state() const noexcept {
  const Guard guard{state_->lock};
  return state_->state;
}

std::uint32_t CircuitBreaker::consecutive_failures() const noexcept {
  const Guard guard{state_->lock};
  return state_->failures;
}

std::uint64_t CircuitBreaker::opened_count() const noexcept {
  const Guard guard{state_->lock};
  return state_->opened;
}

}  // namespace thresher::gpu
