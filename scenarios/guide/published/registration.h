// Registers a published pattern's grain class with a silo, as the guide's silo configuration does.
//
// One place for the scenarios and for the tests that force each defect, so that both run the same
// grains.
#pragma once

#include "thresher/runtime/grain/silo.h"
#include "thresher/scenarios/guide/patterns.h"

namespace thresher::scenarios::published {

/// Registers the grain class of `pattern` as "compute". Its services are a guide::Witness, an
/// AcceleratorFactory and, where `has_pool`, an AcceleratorPool, which the caller adds.
void register_grains(runtime::Silo& silo, guide::Pattern pattern);

/// Whether the pattern takes accelerators from the published pool.
constexpr bool has_pool(guide::Pattern pattern) noexcept {
  return pattern == guide::Pattern::pooled || pattern == guide::Pattern::hybrid;
}

}  // namespace thresher::scenarios::published
