// The patterns that lease: pooled (strategy 2) and hybrid (strategy 3), hardened.
//
// A pooled grain leases for one operation and gives back at its end, so that more grains than slots
// can all make progress; a high-priority grain of the hybrid holds a whole device from activation
// to deactivation, or fails to activate with `capacity`.
#pragma once

#include "thresher/gpu/accelerator_pool.h"
#include "thresher/gpu/hybrid_allocator.h"
#include "thresher/scenarios/guide/hardened/hardened_grain.h"

namespace thresher::scenarios::hardened {

class PooledComputeGrain final : public HardenedGrain {
 public:
  PooledComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                     gpu::AcceleratorPool& pool)
      : HardenedGrain{context, witness}, pool_{pool} {}
  static void bind(runtime::MethodTable<PooledComputeGrain>& table) { bind_compute(table); }

 private:
  Values process(const ComputeInput& input, const gpu::CallOptions& call) override;

  gpu::AcceleratorPool& pool_;
};

class SmartComputeGrain final : public HardenedGrain {
 public:
  /// Grains whose keys begin with "high" are of high priority.
  SmartComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                    gpu::HybridAllocator& allocator);
  static void bind(runtime::MethodTable<SmartComputeGrain>& table) { bind_compute(table); }

  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;

 private:
  Values process(const ComputeInput& input, const gpu::CallOptions& call) override;

  gpu::HybridAllocator& allocator_;
  gpu::Priority priority_;
  /// A high-priority grain's device.
  gpu::Lease held_;
};

}  // namespace thresher::scenarios::hardened
