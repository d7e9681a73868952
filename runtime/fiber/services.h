// The seams that nearly everything needs, handed to constructors as one reference. The others are
// handed over singly, to the few that need them.
#pragma once

#include "thresher/runtime/fiber/entropy.h"
#include "thresher/runtime/fiber/probe.h"
#include "thresher/runtime/fiber/scheduler.h"

namespace thresher::runtime {

/// References to one process's seams; whoever made them (the composition root) owns them and keeps
/// them alive for as long as any part that was given these Services.
struct Services {
  Scheduler& scheduler;
  Entropy& entropy;
  Probe& probe;
};

}  // namespace thresher::runtime
