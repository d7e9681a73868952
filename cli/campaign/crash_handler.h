// What a worker says when it dies: the signal, the likely cause, and the stack of the fiber that
// ran.
//
// Works on an alternate signal stack, so that a fiber that ran into its guard page can be reported.
// Under sanitizers the fatal signals stay theirs: their reports say more.
#pragma once

#include "thresher/cli/campaign/worker.h"

#include <string_view>

namespace thresher::cli {

/// Installs handlers for fatal signals, for memory that cannot be had, and for SIGQUIT, by which
/// the parent asks a worker that hangs for its stack. Text goes to standard error. Once a process;
/// `status` must live as long as the process.
void install_crash_handler(WorkerStatus& status);

/// "SIGSEGV" and the like; "signal 42" for one without a common name.
std::string_view signal_name(int signal) noexcept;

}  // namespace thresher::cli
