// Where the program is, as the assertion reporter of this thread tells it (seed, step, fiber).
//
// Apart from assert.h, which everything includes, since only watchdogs ask.
#pragma once

namespace thresher::runtime {

/// Lets the reporter of this thread, if there is one, say where the program is. For a watchdog's
/// signal handler, just before the process is killed: the reporter need not be safe in one.
void report_position() noexcept;

}  // namespace thresher::runtime
