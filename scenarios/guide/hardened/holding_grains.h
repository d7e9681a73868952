// The patterns that hold an accelerator from activation to deactivation, hardened: isolated, retry
// with progressive reset, circuit breaker.
//
// What the published ones get wrong, here: disposal does not depend on the reset before it, the
// first error reaches the caller, recovery chooses its level by the class of the error and asks the
// device's one Recovery, and a grain whose device was quarantined deactivates, so that its next
// activation is placed on another.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/retry.h"
#include "thresher/scenarios/guide/hardened/breakers.h"
#include "thresher/scenarios/guide/hardened/hardened_grain.h"

#include <memory>
#include <optional>

namespace thresher::scenarios::hardened {

class HoldingGrain : public HardenedGrain {
 public:
  HoldingGrain(runtime::GrainContext& context, guide::Witness& witness,
               gpu::AcceleratorFactory& factory)
      : HardenedGrain{context, witness}, factory_{factory} {}

  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;
  runtime::Result<void> reset_device(runtime::CancellationToken token) override;

 protected:
  /// Reports a failed operation to the device's recovery; deactivates when the device is out of
  /// service. What recovery itself meets is logged, and never replaces the caller's error.
  void recover_from(const runtime::Error& error);

  gpu::Accelerator& accelerator() noexcept { return *accelerator_; }
  runtime::Services& factory_services() noexcept { return factory_.services(); }

 private:
  gpu::AcceleratorFactory& factory_;
  /// Shared with the layer's own fibers, which may outlive the grain.
  std::shared_ptr<gpu::Accelerator> accelerator_;
};

/// Strategy 1: one accelerator a grain, in a context of its own.
class IsolatedComputeGrain final : public HoldingGrain {
 public:
  using HoldingGrain::HoldingGrain;
  static void bind(runtime::MethodTable<IsolatedComputeGrain>& table) { bind_compute(table); }

 private:
  Values process(const ComputeInput& input, const gpu::CallOptions& call) override;
};

/// Retries whose resets grow with the attempt and reach Full.
class ResilientComputeGrain final : public HoldingGrain {
 public:
  using HoldingGrain::HoldingGrain;
  static void bind(runtime::MethodTable<ResilientComputeGrain>& table) { bind_compute(table); }

 private:
  Values process(const ComputeInput& input, const gpu::CallOptions& call) override;
};

/// A breaker a device, shared by all its grains.
class CircuitBreakerGrain final : public HoldingGrain {
 public:
  CircuitBreakerGrain(runtime::GrainContext& context, guide::Witness& witness,
                      gpu::AcceleratorFactory& factory, Breakers& breakers)
      : HoldingGrain{context, witness, factory}, breakers_{breakers} {}
  static void bind(runtime::MethodTable<CircuitBreakerGrain>& table) { bind_compute(table); }

 private:
  Values process(const ComputeInput& input, const gpu::CallOptions& call) override;

  Breakers& breakers_;
  /// What the last operation failed with: recovered from before the next, while the breaker lets.
  std::optional<runtime::Error> trouble_;
};

}  // namespace thresher::scenarios::hardened
