// Makes the strategy that a spec names. Apart from the strategies themselves, so that the scheduler
// knows none of them.
#pragma once

#include "thresher/sim/explore/strategy.h"
#include "thresher/sim/run_key.h"

#include <memory>

namespace thresher::sim {

/// Never null. A PCT spec without depth or length gets 3 and 1000.
std::unique_ptr<Strategy> make_strategy(const StrategySpec& spec);

}  // namespace thresher::sim
