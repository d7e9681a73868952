// How one run is told: to people, as JSON, and as the command that makes it happen again. Pure
// functions; what they print of a run depends on the run alone.
#pragma once

#include "thresher/cli/campaign/task.h"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace thresher::cli {

/// One run with what it was asked for.
struct RunReport {
  RunSettings settings;
  RunSpec spec;
  sim::RunResult result;
  /// "commit 1c0ffee" when the seed is a commit's hash, else "".
  std::string seed_origin;
  /// The tape that was replayed, or "" when the seed alone decided.
  std::string tape;
};

/// `./thresher replay ...`: gives the same run, hash included, whenever and wherever it is typed.
std::string reproducing_command(const RunSettings& settings, const RunSpec& spec,
                                const std::string& tape);

/// The failure without its last lines: the invariant first, then all that was drawn and done.
std::string failure_text(const RunReport& report);

/// "verdict safety (exit 1)  steps 123  virtual time 1.2 s  trace hash 0x...".
std::string verdict_line(const sim::RunResult& result);

/// The whole report for a terminal.
std::string text_of(const RunReport& report);

/// The whole report as JSON (docs/output-format.md).
nlohmann::ordered_json json_of(const RunReport& report);

}  // namespace thresher::cli
