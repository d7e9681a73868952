// Quick Start, translated line by line: create on activation, process, reset by kind of exception,
// reset and dispose on deactivation.
#include "thresher/scenarios/guide/published/isolated_grain.h"

namespace thresher::scenarios::published {

runtime::Result<void> IsolatedComputeGrain::on_activate(runtime::CancellationToken token) {
  // Initialize GPU accelerator on grain activation.
  accelerator_ = &factory_.create(token, name());
  logger().info("grain activated with device " + accelerator_->device_name());
  await_base("OnActivateAsync");
  return {};
}

std::vector<double> IsolatedComputeGrain::process(const ComputeInput& input) {
  require_activated();
  try {
    return execute_compute(input);
  } catch (const Exception& failure) {
    logger().error("GPU computation failed");
    // Attempt recovery.
    handle_error(failure);
    throw;
  }
}

void IsolatedComputeGrain::reset_device() {
  if (accelerator_ == nullptr) return;
  const ResetResult result =
      accelerator_->reset(presets::hard, runtime::CancellationToken::none());
  if (!result.success) {
    logger().error("device reset failed: " + result.error_message);
    throw InvalidOperationException{"Reset failed: " + result.error_message,
                                    runtime::make_error(runtime::Errc::reset_failed)};
  }
  logger().info("device reset completed");
  witness().reset_claimed(name(), accelerator_->usable());
}

runtime::Result<void> IsolatedComputeGrain::on_deactivate(const runtime::DeactivationReason&,
                                                          runtime::CancellationToken token) {
  if (accelerator_ != nullptr) {
    // Orleans-optimized reset before deactivation.
    accelerator_->reset(presets::grain_deactivation, token);
    accelerator_->dispose();
    accelerator_ = nullptr;
  }
  logger().info("grain deactivated");
  await_base("OnDeactivateAsync");
  return {};
}

void IsolatedComputeGrain::handle_error(const Exception& failure) {
  if (accelerator_ == nullptr) return;
  // Progressive reset based on error type.
  ResetOptions options;
  if (dynamic_cast<const OutOfMemoryException*>(&failure) != nullptr) {
    options.reset_type = ResetType::hard;
  } else if (dynamic_cast<const InvalidOperationException*>(&failure) != nullptr) {
    options.reset_type = ResetType::context;
  }
  const ResetResult result = accelerator_->reset(options, runtime::CancellationToken::none());
  if (!result.success) logger().error("error recovery failed: " + result.error_message);
}

}  // namespace thresher::scenarios::published
