// From the options of the command line to what a run is a function of; each wrong value gets its
// own line.
#pragma once

#include "thresher/cli/campaign/crew.h"
#include "thresher/cli/command_line.h"

#include <optional>
#include <string>

namespace thresher::cli {

/// A strategy; a PCT one without its length (`pct:d=3`) is given length 0, to be measured.
Parsed<sim::StrategySpec> parse_strategy(const std::string& text);

/// The scenario of that name. Errors: unknown, with the nearest name.
Parsed<const scenarios::Scenario*> known_scenario(Scenarios scenarios, const std::string& name);

/// The settings of runs of `scenario`; reads the plan's file. Errors: a knob that is no name=value,
/// a plan that cannot be read or is no JSON.
Parsed<RunSettings> settings_of(const KeyArguments& key, const std::string& scenario);

/// Checks that a file can be made at `path`, without leaving one. Errors: it cannot.
Parsed<void> check_writable(std::string_view option, const std::string& path);

/// The limits for one crew of `jobs` places.
Parsed<CrewLimits> limits_of(std::uint32_t jobs, const std::string& run_timeout,
                             const std::string& memory);

}  // namespace thresher::cli
