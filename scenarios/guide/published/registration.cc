// One class a pattern; what it is constructed with follows from its sample's constructor, so that a
// service a sample does not take is none that its grain could reach.
#include "thresher/scenarios/guide/published/registration.h"

#include "thresher/scenarios/guide/published/isolated_grain.h"
#include "thresher/scenarios/guide/published/pooled_grain.h"
#include "thresher/scenarios/guide/published/recovery_grains.h"

#include <memory>

namespace thresher::scenarios::published {
namespace {

using guide::Pattern;
using guide::Witness;
using runtime::GrainContext;

/// A grain that creates its own accelerator.
template <typename G>
void register_holding(runtime::Silo& silo) {
  silo.register_grain<G>(
      "compute", [](GrainContext& context, Witness& witness, AcceleratorFactory& factory) {
        return std::make_unique<G>(context, witness, factory);
      });
}

}  // namespace

void register_grains(runtime::Silo& silo, Pattern pattern) {
  switch (pattern) {
    case Pattern::isolated: register_holding<IsolatedComputeGrain>(silo); break;
    case Pattern::retry: register_holding<ResilientComputeGrain>(silo); break;
    case Pattern::breaker: register_holding<CircuitBreakerGrain>(silo); break;
    case Pattern::pooled:
      silo.register_grain<PooledComputeGrain>(
          "compute", [](GrainContext& context, Witness& witness, AcceleratorPool& pool) {
            return std::make_unique<PooledComputeGrain>(context, witness, pool);
          });
      break;
    case Pattern::hybrid:
      silo.register_grain<SmartComputeGrain>(
          "compute", [](GrainContext& context, Witness& witness, AcceleratorFactory& factory,
                        AcceleratorPool& pool) {
            return std::make_unique<SmartComputeGrain>(context, witness, factory, pool);
          });
      break;
  }
}

}  // namespace thresher::scenarios::published
