// ResetRun: one reset of one accelerator, from its entry checks to its result.
//
// Soft, Context and Hard hold the gate of the accelerator's context alone; Full holds every gate of
// the process. Nothing is destroyed before work in flight was waited for, where that was asked.
// Internal to the layer. Used once, by one fiber.
#pragma once

#include "thresher/gpu/accelerator_state.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/layer_faults.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <optional>

namespace thresher::gpu {

/// What Recovery resets with: forced, and with the guide's time for that level.
ResetOptions recovery_preset(ResetType level) noexcept;

class ResetRun {
 public:
  ResetRun(AcceleratorState& state, const ResetOptions& options, const CallOptions& call);
  runtime::Result<ResetResult> run();

 private:
  runtime::Result<void> admit() const;
  /// `outcome` of the levels, or the error with which the reset could not be tried.
  runtime::Result<ResetResult> run_in_context();
  runtime::Result<ResetResult> run_full();
  ResetResult finish(const runtime::Result<void>& outcome);

  std::optional<runtime::Result<void>> play_fault();
  runtime::Result<void> perform();
  runtime::Result<void> soft(Pass& pass);
  runtime::Result<void> drain(Pass& pass, Stream& stream);
  runtime::Result<void> abandon(Pass& pass, std::uint32_t index);
  void quarantine_uses(std::uint32_t index);
  runtime::Result<void> take_back(Pass& pass);
  runtime::Result<void> renew_streams(Pass& pass);
  runtime::Result<void> hard(Pass& pass);
  runtime::Result<void> recreate(DeviceContext& context);
  runtime::Result<void> drain_before_full();
  void close() noexcept;

  AcceleratorState& state_;
  ResetOptions options_;
  CallOptions call_;
  runtime::TimePoint started_;
  runtime::TimePoint deadline_;
  ResetResult result_;
};

}  // namespace thresher::gpu
