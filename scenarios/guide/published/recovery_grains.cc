// Retry with progressive reset, and the circuit breaker, translated line by line.
//
// What C# writes as `catch (Exception ex) when (attempt < maxAttempts)` is a catch that rethrows
// where the filter would not have caught; nothing is awaited before.
#include "thresher/scenarios/guide/published/recovery_grains.h"

#include "thresher/runtime/fiber/sync.h"

#include <optional>
#include <utility>

namespace thresher::scenarios::published {
namespace {

using runtime::Errc;

constexpr int failure_threshold = 3;
constexpr runtime::Duration circuit_reset_time = std::chrono::minutes{5};

runtime::Duration progressive_delay(int attempt) {
  return std::chrono::milliseconds{100} * (1 << attempt);
}

}  // namespace

runtime::Result<void> HoldingGrain::on_activate(runtime::CancellationToken token) {
  accelerator_ = &factory_.create(token, name());
  await_base("OnActivateAsync");
  return {};
}

runtime::Result<void> HoldingGrain::on_deactivate(const runtime::DeactivationReason&,
                                                  runtime::CancellationToken token) {
  if (accelerator_ != nullptr) {
    accelerator_->reset(presets::grain_deactivation, token);
    accelerator_->dispose();
    accelerator_ = nullptr;
  }
  await_base("OnDeactivateAsync");
  return {};
}

std::vector<double> ResilientComputeGrain::process(const ComputeInput& input) {
  require_activated();
  const int max_attempts = 3;
  std::optional<runtime::Error> last_exception;
  guide::RetryTrail trail;
  trail.grain = name();
  for (int attempt = 1; attempt <= max_attempts; ++attempt) {
    trail.attempts = attempt;
    try {
      return execute_compute(input);
    } catch (const Exception& failure) {
      if (attempt >= max_attempts) {
        witness().retry_gave_up(trail, failure.error(), 0);
        throw;
      }
      last_exception = failure.error();
      logger().warning("compute attempt failed, will retry");
      // Progressive reset escalation.
      ResetOptions options;
      options.reset_type = attempt == 1   ? ResetType::context
                           : attempt == 2 ? ResetType::hard
                                          : ResetType::full;
      witness().retry_resets(trail, failure.error(), options.reset_type);
      const ResetResult result =
          accelerator_->reset(options, runtime::CancellationToken::none());
      if (!result.success) {
        logger().error("reset failed: " + result.error_message);
        break;
      }
      // Exponential backoff.
      static_cast<void>(runtime::sleep_for(scheduler(), progressive_delay(attempt)));
    }
  }
  witness().retry_gave_up(trail, *last_exception, max_attempts);
  throw InvalidOperationException{
      "Compute failed after " + std::to_string(max_attempts) + " attempts", *last_exception};
}

runtime::Result<void> CircuitBreakerGrain::on_deactivate(
    const runtime::DeactivationReason& reason, runtime::CancellationToken token) {
  witness().breaker_gone(name());
  return HoldingGrain::on_deactivate(reason, std::move(token));
}

std::vector<double> CircuitBreakerGrain::process(const ComputeInput& input) {
  require_activated();
  // Check circuit breaker.
  if (circuit_open_) {
    if (scheduler().wall_now() - last_failure_time_ > circuit_reset_time) {
      witness().breaker_half_opens(name());
      // Attempt to reset circuit.
      try_reset_circuit();
    } else {
      witness().breaker_refused(name(), circuit_reset_time);
      throw InvalidOperationException{"Circuit breaker open. Retry after 00:05:00",
                                      runtime::make_error(Errc::breaker_open)};
    }
  }
  try {
    auto result = execute_compute(input);
    // Success - reset failure count.
    consecutive_failures_ = 0;
    return result;
  } catch (const Exception& failure) {
    failed(failure);
    throw;
  }
}

// The body of the sample's catch block.
void CircuitBreakerGrain::failed(const Exception& failure) {
  ++consecutive_failures_;
  last_failure_time_ = scheduler().wall_now();
  logger().error("compute failed");
  // Open circuit if threshold exceeded.
  if (consecutive_failures_ >= failure_threshold) {
    circuit_open_ = true;
    witness().breaker_opened(name(), accelerator_->device_id(), circuit_reset_time,
                             failure.error());
    logger().log(runtime::LogLevel::critical, "circuit breaker opened");
    // Aggressive reset attempt.
    accelerator_->reset(presets::error_recovery, runtime::CancellationToken::none());
  }
}

void CircuitBreakerGrain::try_reset_circuit() {
  logger().info("attempting to close circuit breaker");
  try {
    // Full device reset.
    const ResetResult result =
        accelerator_->reset(presets::full, runtime::CancellationToken::none());
    if (result.success) {
      circuit_open_ = false;
      consecutive_failures_ = 0;
      witness().breaker_closed(name());
      logger().info("circuit breaker closed successfully");
    }
  } catch (const Exception&) {
    logger().error("failed to close circuit breaker");
  }
}

}  // namespace thresher::scenarios::published
