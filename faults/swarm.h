// Swarm: each run draws which kinds of fault it has at all, and then their rates, so that runs
// differ in kind and not only in number (Groce et al., Swarm Testing, 2012). The outcome is a plan
// like any other: printed, replayed and shrunk as one.
#pragma once

#include "thresher/faults/draw.h"
#include "thresher/faults/plan.h"

#include <cstdint>
#include <string>

namespace thresher::faults {

/// What a scenario offers to the swarm.
struct SwarmOptions {
  std::uint32_t devices = 1;
  /// The driver lives in worker processes, which may die.
  bool workers = true;
  /// Resets and canaries pass through the layer's fault points.
  bool layer = true;
  /// Grain storage passes through its wrapper.
  bool storage = false;
  /// Devices may be lost or missing; false where nothing is left to fail over to.
  bool lose_devices = false;
  /// The scenario claims to detect silent corruption and false successes.
  bool silent = false;
  /// With which probability a kind is there at all.
  Ratio enabled{.num = 1, .den = 3};
};

/// Draws a plan on the lane `draw/faults`. The dull answers give an empty plan.
Plan draw_swarm(Draw& draw, const SwarmOptions& options);

/// The kinds of a plan in one line for the report ("oom.allocate 1/30, kernel.stuck 1/100").
std::string describe(const Plan& plan);

}  // namespace thresher::faults
