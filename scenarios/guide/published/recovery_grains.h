// The guide's error recovery patterns as published: ResilientComputeGrain (retry with progressive
// reset) and CircuitBreakerGrain. Both hold an accelerator as the Quick Start does.
#pragma once

#include "thresher/scenarios/guide/published/compute_grain.h"

namespace thresher::scenarios::published {

/// Activation and deactivation of the Quick Start, for the two patterns.
class HoldingGrain : public PublishedGrain {
 public:
  HoldingGrain(runtime::GrainContext& context, guide::Witness& witness,
               AcceleratorFactory& factory)
      : PublishedGrain{context, witness}, factory_{factory} {}
  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;
  void reset_device() {}

 private:
  AcceleratorFactory& factory_;
};

class ResilientComputeGrain final : public HoldingGrain {
 public:
  using HoldingGrain::HoldingGrain;
  static void bind(runtime::MethodTable<ResilientComputeGrain>& table) { bind_compute(table); }

 private:
  std::vector<double> process(const ComputeInput& input) override;
};

class CircuitBreakerGrain final : public HoldingGrain {
 public:
  using HoldingGrain::HoldingGrain;
  static void bind(runtime::MethodTable<CircuitBreakerGrain>& table) { bind_compute(table); }

  /// Tells the harness that the breaker's state goes; else as the base class.
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;

 private:
  std::vector<double> process(const ComputeInput& input) override;
  void try_reset_circuit();
  void failed(const Exception& failure);

  int consecutive_failures_ = 0;
  runtime::WallTime last_failure_time_{};
  bool circuit_open_ = false;
};

}  // namespace thresher::scenarios::published
