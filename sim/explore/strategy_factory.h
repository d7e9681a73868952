// Makes the strategy that a spec names.
#pragma once

#include <memory>

#include "thresher/sim/explore/strategy.h"
#include "thresher/sim/run_key.h"

namespace thresher::sim {

/// Never null. A PCT spec without depth or length gets 3 and 1000.
std::unique_ptr<Strategy> make_strategy(const StrategySpec& spec);

}  // namespace thresher::sim
