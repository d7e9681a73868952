// The guide's Quick Start grain, which strategy 1 (one device per grain) refers to, as published.
//
// Defects are kept: see the scenario's list. Not to be mended.
#pragma once

#include "thresher/scenarios/guide/published/compute_grain.h"

namespace thresher::scenarios::published {

class IsolatedComputeGrain final : public PublishedGrain {
 public:
  IsolatedComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                       AcceleratorFactory& factory)
      : PublishedGrain{context, witness}, factory_{factory} {}
  static void bind(runtime::MethodTable<IsolatedComputeGrain>& table) { bind_compute(table); }

  runtime::Result<void> on_activate(runtime::CancellationToken token) override;
  runtime::Result<void> on_deactivate(const runtime::DeactivationReason& reason,
                                      runtime::CancellationToken token) override;
  void reset_device();

 private:
  std::vector<double> process(const ComputeInput& input) override;
  void handle_error(const Exception& failure);

  AcceleratorFactory& factory_;
};

}  // namespace thresher::scenarios::published
