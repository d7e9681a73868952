// The `thresher` program as a function, so that tests can call it with scenarios of their own. It
// forks worker processes, so it must be called while the process has one thread.
#pragma once

#include "thresher/cli/campaign/executor.h"

#include <iosfwd>
#include <string>

namespace thresher::cli {

/// What the program touches besides its arguments; borrowed for the call.
struct Surroundings {
  Scenarios scenarios;
  /// Results.
  std::ostream& out;
  /// Problems and progress.
  std::ostream& err;
  /// The file of which twin workers are started; empty in unit tests, where they are forks.
  std::string program_file = "/proc/self/exe";
};

/// Runs the program; gives its exit code: a verdict (sim/verdict.h), or 130 after Ctrl-C.
int run_program(int argc, const char* const* argv, const Surroundings& surroundings);

}  // namespace thresher::cli
