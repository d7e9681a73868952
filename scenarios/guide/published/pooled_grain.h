// The guide's strategies 2 and 3 as published: PooledComputeGrain and SmartComputeGrain.
//
// Both hold what they got from activation to deactivation. Their methods compute as the Quick Start
// does; the guide leaves "rest of implementation" open, so no recovery is added.
#pragma once

#include "thresher/scenarios/guide/published/accelerator_pool.h"
#include "thresher/scenarios/guide/published/compute_grain.h"

namespace thresher::scenarios::published {

class PooledComputeGrain final : public PublishedGrain {
 public:
  PooledComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                     AcceleratorPool& pool)
      : PublishedGrain{context, witness}, pool_{pool} {}
  static void bind(runtime::MethodTable<PooledComputeGrain>& table) { bind_compute(table); }

  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;
  void reset_device() {}

 private:
  std::vector<double> process(const ComputeInput& input) override;

  AcceleratorPool& pool_;
};

class SmartComputeGrain final : public PublishedGrain {
 public:
  /// The priority comes with the grain's key: those that begin with "high" are of high priority.
  SmartComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                    AcceleratorFactory& factory, AcceleratorPool& pool);
  static void bind(runtime::MethodTable<SmartComputeGrain>& table) { bind_compute(table); }

  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;
  void reset_device() {}

 private:
  std::vector<double> process(const ComputeInput& input) override;

  AcceleratorFactory& factory_;
  AcceleratorPool* pool_;
  bool high_priority_;
  bool is_pooled_ = false;
};

}  // namespace thresher::scenarios::published
