// What the command line tells a person who must act: one line, and the exit code that goes with it.
//
// A Problem is made where the words are known (place, value, remedy) and printed once, at the top.
// It is not `runtime::Error`: nothing in the program reacts to it but by stopping.
#pragma once

#include "thresher/runtime/base/expected.h"

#include <string>

namespace thresher::cli {

/// Exit codes that are no verdict of a run (design, section 7).
inline constexpr int exit_usage = 2;
inline constexpr int exit_harness = 7;
inline constexpr int exit_interrupted = 130;

/// One line for people that names the place, the value and the remedy.
struct Problem {
  std::string text;
  int exit_code = exit_usage;
};

/// A value, or why there is none.
template <typename T>
using Parsed = runtime::Expected<T, Problem>;

/// Makes the unexpected value of a Parsed for a wrong use of the program.
inline runtime::Unexpected<Problem> misuse(std::string text) {
  return runtime::Unexpected{Problem{std::move(text), exit_usage}};
}

/// Makes the unexpected value of a Parsed for a harness that cannot work (disk full).
inline runtime::Unexpected<Problem> broken(std::string text) {
  return runtime::Unexpected{Problem{std::move(text), exit_harness}};
}

}  // namespace thresher::cli
