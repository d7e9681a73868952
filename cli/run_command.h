// The commands `run` and `replay`: one run, told in full.
//
// The run is done in a process of its own, so that a crash or a turn that never yields is a verdict
// like any other; with --break-at, or under a debugger, it is done in this one.
#pragma once

#include "thresher/cli/command_line.h"
#include "thresher/cli/program.h"

namespace thresher::cli {

/// Each gives the exit code. Errors: what was asked for wrongly.
Parsed<int> do_run(const RunArguments& arguments, const Surroundings& surroundings);
Parsed<int> do_replay(const ReplayArguments& arguments, const Surroundings& surroundings);

}  // namespace thresher::cli
