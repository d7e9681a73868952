// The canary: a planted bug that every campaign must find, or the campaign itself is blind.
//
// Two fibers each add one to a counter, with a schedule point between reading and writing. Under
// answer 0 of every choice nothing goes wrong; some order of the two loses an update. It uses the
// runtime's scheduler and the world's checks and nothing above them, so that it lives or dies with
// the explorer alone.
#pragma once

#include "thresher/scenarios/scenario.h"

namespace thresher::scenarios::canary {

/// The scenario "canary/lost_update". It takes no knobs and no fault plan.
const Scenario& lost_update();

}  // namespace thresher::scenarios::canary
