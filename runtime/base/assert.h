// Assertions for programmer errors, on in every build type.
//
// A failed assertion prints the condition, the place and what the installed reporter adds (the
// simulated world adds seed, step and the last events), and ends the process: nothing is unwound.
// Operating errors are never asserted; they are values (error.h).
#pragma once

namespace thresher::runtime {

/// Called once on a failed assertion, before the process aborts, to add what the program knows
/// (seed, step). Must not allocate unboundedly and must not assert. `context` is the pointer given
/// to `set_assertion_reporter`.
using AssertionReporter = void (*)(void* context) noexcept;

/// Installs the reporter of this OS thread and returns the one before; pass nullptr to remove it.
/// Only schedulers call this: they own the thread.
AssertionReporter set_assertion_reporter(AssertionReporter reporter, void* context) noexcept;

/// Prints and aborts. Called by the macros below only.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace thresher::runtime

/// Ends the process when `condition` is false. One condition each; no side effects inside.
#define THRESHER_ASSERT(condition)                                                         \
  (static_cast<bool>(condition)                                                            \
       ? static_cast<void>(0)                                                              \
       : ::thresher::runtime::assertion_failed(#condition, __FILE__, __LINE__))

/// Marks a place that control never reaches.
#define THRESHER_UNREACHABLE() \
  ::thresher::runtime::assertion_failed("unreachable", __FILE__, __LINE__)
