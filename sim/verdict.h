// The verdict on a run: exit codes of the program and words of the report.
//
// A RunResult is plain data, the same for every engine and every number of jobs; it says what
// happened and nothing about how long that took in wall-clock time.
#pragma once

#include "thresher/runtime/base/time.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::sim {

/// Values are exit codes (design, section 7).
enum class Verdict : std::uint8_t {
  survived = 0,
  safety = 1,          ///< An `always` failed.
  usage = 2,           ///< The program was called wrongly.
  liveness = 3,        ///< Something pending never ended: deadlock, spin, step bound, lost call.
  crash = 4,           ///< A crash or hang of the process that ran it.
  nondeterminism = 5,  ///< Two runs of one key differed.
  not_reached = 6,     ///< A `sometimes` never happened, or the canary lived (campaigns only).
  harness = 7,         ///< The harness itself could not work.
};

std::string_view name(Verdict verdict) noexcept;

class Tape;

/// How one fault was made, for the report.
struct InjectedFault {
  runtime::TimePoint at{};
  std::string text;
};

/// What one run gave.
struct RunResult {
  Verdict verdict = Verdict::survived;
  /// The label of the check that failed ("pool.slot_lost"), or the kind of liveness failure.
  std::string label;
  /// One or more lines for people: what was violated, who waits on what.
  std::string message;
  /// Number of schedule decisions made.
  std::uint64_t steps = 0;
  /// Step and virtual time of the failure; those of the end when it survived.
  std::uint64_t failed_step = 0;
  runtime::TimePoint failed_at{};
  /// Fiber that was running then, by name.
  std::string failed_fiber;
  runtime::TimePoint ended_at{};
  std::uint64_t trace_hash = 0;
  bool hit_step_bound = false;
  std::uint64_t fibers_abandoned = 0;
  /// Label -> how often it held, for `sometimes` and `reachable`; 0 for those only declared.
  std::map<std::string, std::uint64_t> reached;
  std::vector<InjectedFault> faults;
  /// What was drawn for this run, by name ("pool.size" -> "2").
  std::map<std::string, std::string> drawn;
  /// Present when recording was asked for.
  std::shared_ptr<const Tape> tape;
};

}  // namespace thresher::sim
