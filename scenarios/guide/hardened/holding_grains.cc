// Activation, deactivation and recovery of the grains that hold an accelerator.
//
// Deactivation must finish whatever the runtime's token says, and in bounded time: it takes a
// deadline and no token (design, section 3, "Waiting and cancelling").
#include "thresher/scenarios/guide/hardened/holding_grains.h"

#include "thresher/gpu/housekeeping.h"
#include "thresher/gpu/reset.h"

#include <chrono>
#include <optional>
#include <utility>

namespace thresher::scenarios::hardened {
namespace {

constexpr gpu::HousekeepingOptions housekeeping{};

/// Calls with a caller's token and no deadline of their own.
gpu::CallOptions under(const runtime::CancellationToken& token) {
  return {.token = token, .deadline = runtime::no_deadline, .authority = {}};
}

}  // namespace

runtime::Result<void> HoldingGrain::on_activate(runtime::CancellationToken token) {
  auto created = factory_.create(gpu::AcceleratorKind::cuda, under(token));
  if (!created) return runtime::Unexpected{created.error()};
  accelerator_ = std::move(*created);
  logger().info("activated with device " + accelerator_->device_name());
  return {};
}

runtime::Result<void> HoldingGrain::on_deactivate(const runtime::DeactivationReason&,
                                                  runtime::CancellationToken) {
  if (accelerator_ == nullptr) return {};
  const auto reset_by =
      runtime::deadline_after(scheduler().now(), housekeeping.deactivation_reset_timeout);
  gpu::ResetOptions options = gpu::ResetOptions::GrainDeactivation;
  options.timeout = housekeeping.deactivation_reset_timeout;
  options.force = true;
  const auto reset = accelerator_->reset(options, gpu::CallOptions::until(reset_by));
  if (!reset) {
    logger().warning("reset on deactivation was not possible: " +
                     runtime::describe(reset.error()));
  } else if (!reset->success) {
    logger().warning("reset on deactivation failed: " + reset->message());
  }
  const auto dispose_by =
      runtime::deadline_after(scheduler().now(), housekeeping.deactivation_timeout);
  const auto disposed = accelerator_->dispose(gpu::CallOptions::until(dispose_by));
  if (!disposed) {
    logger().warning("dispose on deactivation failed: " + runtime::describe(disposed.error()));
  }
  accelerator_.reset();
  return {};
}

runtime::Result<void> HoldingGrain::reset_device(runtime::CancellationToken token) {
  THRESHER_TRY(result, accelerator_->reset(gpu::ResetOptions::ErrorRecovery, under(token)));
  if (!result.success) {
    // A reset that failed leaves the accelerator to recovery: the grain must not go on with it.
    recover_from(result.error.value_or(runtime::make_error(runtime::Errc::reset_failed)));
    return runtime::fail(runtime::Errc::reset_failed, accelerator_->id().value);
  }
  return {};
}

void HoldingGrain::recover_from(const runtime::Error& error) {
  const auto outcome = accelerator_->recover(error);
  if (!outcome) {
    logger().warning("recovery was not possible: " + runtime::describe(outcome.error()));
    if (outcome.error().code == runtime::Errc::quarantined ||
        outcome.error().code == runtime::Errc::closed ||
        outcome.error().code == runtime::Errc::uninitialised) {
      deactivate_on_idle();
    }
    return;
  }
  if (outcome->outcome == gpu::RecoveryOutcome::quarantined) {
    logger().warning("the device was quarantined; the next activation takes another");
    deactivate_on_idle();
  }
}

Values IsolatedComputeGrain::process(const ComputeInput& input, const gpu::CallOptions& call) {
  auto result = execute_compute(accelerator(), input, call);
  if (!result) recover_from(result.error());
  return result;
}

Values ResilientComputeGrain::process(const ComputeInput& input, const gpu::CallOptions& call) {
  auto result = gpu::retry_with_progressive_reset(
      factory_services(), accelerator(), gpu::RetryOptions{}, call,
      [&](gpu::Accelerator& on) { return execute_compute(on, input, call); });
  if (!result && !accelerator().usable()) recover_from(result.error());
  return result;
}

Values CircuitBreakerGrain::process(const ComputeInput& input, const gpu::CallOptions& call) {
  gpu::CircuitBreaker& breaker = breakers_.of(accelerator().device());
  return breaker.run([&]() -> Values {
    witness().checks().always(breaker.state() == gpu::BreakerState::closed,
                              guide::label::call_while_open);
    // The breaker's probe heals the device, not what this grain holds of it: a stream behind a
    // stuck kernel is usable in name only.
    if (trouble_) recover_from(*std::exchange(trouble_, std::nullopt));
    auto result = execute_compute(accelerator(), input, call);
    if (!result && gpu::counts_as_failure(result.error().code)) trouble_ = result.error();
    return result;
  });
}

}  // namespace thresher::scenarios::hardened
