// What a campaign was asked to do: all that decides its results, and nothing else.
//
// It stands at the head of the journal, so that a campaign that was killed can go on with nothing
// but its folder. The number of jobs, limits and budgets of time are not part of it.
#pragma once

#include "thresher/cli/campaign/conductor.h"
#include "thresher/cli/command_line.h"

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

namespace thresher::cli {

struct CampaignConfig {
  /// As named; empty for all.
  std::vector<std::string> scenarios;
  std::uint64_t seeds = 2000;
  std::uint64_t first_seed = 1;
  /// "commit 1c0ffee" when the first seed is a commit's hash, else "".
  std::string seed_origin;
  std::uint64_t hunt_seeds = 2000;
  /// Every run is done twice, not only 5 % and the failing ones.
  bool twice = false;
  /// The strategy as typed, or empty for the rotation.
  std::string strategy;
  /// Settings of all runs; their scenario is empty here.
  RunSettings settings;
  /// What the program was built from; results of another build do not mix.
  std::string commit;
};

/// Judges the options. Errors: each wrong value in its own words.
Parsed<CampaignConfig> config_of(const CampaignArguments& arguments, Scenarios scenarios);

/// The legs: named scenarios are explored, negative or not; without names all but the negative ones
/// are, and those are hunted for each of their defects. Canaries (folder "canary/") fly always.
CampaignPlan plan_campaign(const CampaignConfig& config, Scenarios scenarios);

nlohmann::json to_json(const CampaignConfig& config);
std::optional<CampaignConfig> config_from(const nlohmann::json& json);

}  // namespace thresher::cli
