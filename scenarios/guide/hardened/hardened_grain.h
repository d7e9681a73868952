// What the hardened guide grains have in common: a computation that owns what it makes, and a
// request that tells the caller the first error and nothing else.
//
// Each pattern derives from it and says where the accelerator comes from. Buffers are RAII and
// carry epochs, so that nothing leaks and no stale handle reaches the driver.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/runtime/grain/grain.h"
#include "thresher/runtime/grain/method_table.h"
#include "thresher/scenarios/guide/interfaces.h"
#include "thresher/scenarios/guide/witness.h"

#include <string>
#include <string_view>
#include <vector>

namespace thresher::scenarios::hardened {

/// One request's input, for either operation.
struct ComputeInput {
  std::string_view kernel;
  std::vector<double> values;
  double scalar = 0;
};

using Values = runtime::Result<std::vector<double>>;

/// Allocates, copies, loads, executes and copies back on `accelerator`. Errors: the device's own.
Values compute_on(gpu::Accelerator& accelerator, const ComputeInput& input,
                  const gpu::CallOptions& call);

class HardenedGrain : public runtime::Grain {
 public:
  HardenedGrain(runtime::GrainContext& context, guide::Witness& witness)
      : Grain{context}, witness_{witness}, name_{context.id().text()} {}

  runtime::Result<std::vector<double>> scale(std::vector<double> values, double factor,
                                             runtime::CancellationToken token);
  runtime::Result<double> sum(std::vector<double> values, double start,
                              runtime::CancellationToken token);
  runtime::Result<void> misuse(runtime::CancellationToken token);
  void retire() { deactivate_on_idle(); }
  virtual runtime::Result<void> reset_device(runtime::CancellationToken token);

 protected:
  /// The pattern's own way to compute.
  virtual Values process(const ComputeInput& input, const gpu::CallOptions& call) = 0;

  /// `compute_on`, watched by the harness.
  Values execute_compute(gpu::Accelerator& accelerator, const ComputeInput& input,
                         const gpu::CallOptions& call);

  guide::Witness& witness() noexcept { return witness_; }
  const std::string& name() const noexcept { return name_; }

 private:
  Values observed(const ComputeInput& input, const runtime::CancellationToken& token);

  guide::Witness& witness_;
  std::string name_;
};

/// Binds ICompute's methods of a hardened grain class.
template <typename G>
void bind_compute(runtime::MethodTable<G>& table) {
  table.on(guide::ICompute::scale, &G::scale)
      .on(guide::ICompute::sum, &G::sum)
      .on(guide::ICompute::reset_device, &G::reset_device)
      .on(guide::ICompute::retire, &G::retire)
      .on(guide::ICompute::misuse, &G::misuse);
}

}  // namespace thresher::scenarios::hardened
