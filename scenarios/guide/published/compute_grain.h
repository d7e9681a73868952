// What the guide's sample grains have in common: ExecuteComputeAsync and the fields of a grain that
// holds one accelerator.
//
// The body of `execute_compute` is the Quick Start's try block. The harness watches from outside
// the sample's text: `observed` compares the error that a caller sees with the first one met.
#pragma once

#include "thresher/runtime/grain/grain.h"
#include "thresher/runtime/grain/method_table.h"
#include "thresher/scenarios/guide/interfaces.h"
#include "thresher/scenarios/guide/published/api.h"
#include "thresher/scenarios/guide/witness.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thresher::scenarios::published {

/// One request's input, for either operation.
struct ComputeInput {
  std::string_view kernel;
  std::vector<double> values;
  double scalar = 0;
};

class PublishedGrain : public runtime::Grain {
 public:
  PublishedGrain(runtime::GrainContext& context, guide::Witness& witness)
      : Grain{context}, witness_{witness}, name_{context.id().text()} {}

  std::vector<double> scale(std::vector<double> values, double factor);
  double sum(std::vector<double> values, double start);
  void misuse();
  void retire() { deactivate_on_idle(); }

 protected:
  /// The pattern's own ProcessAsync.
  virtual std::vector<double> process(const ComputeInput& input) = 0;

  /// Computes on `_accelerator` as the Quick Start does; throws what the device reports.
  std::vector<double> execute_compute(const ComputeInput& input);
  /// An await of the base class's method, which has nothing to wait for.
  void await_base(const char* method) { scheduler().yield({.verb = "await", .name = method}); }
  /// throw new InvalidOperationException("Not activated").
  void require_activated() const;

  guide::Witness& witness() noexcept { return witness_; }
  const std::string& name() const noexcept { return name_; }
  Accelerator* accelerator_ = nullptr;

 private:
  std::vector<double> observed(const ComputeInput& input);
  std::vector<double> quick_start(const ComputeInput& input);

  guide::Witness& witness_;
  std::string name_;
};

/// Binds ICompute's methods of a published grain class.
template <typename G>
void bind_compute(runtime::MethodTable<G>& table) {
  table.on(guide::ICompute::scale, &G::scale)
      .on(guide::ICompute::sum, &G::sum)
      .on(guide::ICompute::reset_device, &G::reset_device)
      .on(guide::ICompute::retire, &G::retire)
      .on(guide::ICompute::misuse, &G::misuse);
}

}  // namespace thresher::scenarios::published
