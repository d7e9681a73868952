// The list of strategies, and the parameters of those that were named without any. A new strategy
// is added here and in StrategySpec.
#include "thresher/sim/explore/strategy_factory.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/sim/explore/pct_strategy.h"
#include "thresher/sim/explore/random_strategy.h"

namespace thresher::sim {

std::unique_ptr<Strategy> make_strategy(const StrategySpec& spec) {
  switch (spec.kind) {
    case StrategySpec::Kind::random: return std::make_unique<RandomStrategy>();
    case StrategySpec::Kind::pct:
      return std::make_unique<PctStrategy>(spec.depth == 0 ? 3 : spec.depth,
                                           spec.length == 0 ? 1000 : spec.length);
  }
  THRESHER_UNREACHABLE();
}

}  // namespace thresher::sim
