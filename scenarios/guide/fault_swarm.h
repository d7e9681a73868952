// Draws a fault plan from the seed: first which kinds of faults this run has at all, then where and
// how often each strikes.
//
// Swarm testing (Groce et al., ISSTA 2012): kinds suppress each other, so that a run with few
// kinds finds what a run with all of them hides. Each kind has its own lanes (`draw/fault.KIND`),
// answer 0 is "not in this run". What was drawn is recorded for the report.
#pragma once

#include "thresher/faults/plan.h"
#include "thresher/sim/checks.h"
#include "thresher/sim/choices.h"

#include <cstdint>

namespace thresher::scenarios::guide {

/// The plan of one run over `devices` devices.
faults::Plan draw_plan(sim::Choices& choices, sim::Checks& checks, std::uint32_t devices);

}  // namespace thresher::scenarios::guide
