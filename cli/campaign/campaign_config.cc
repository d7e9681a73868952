// What a campaign was asked to do. Judging the options comes first, laying out the legs second,
// JSON last.
#include "thresher/cli/campaign/campaign_config.h"

#include "thresher/cli/build_text.h"
#include "thresher/cli/campaign/wire.h"
#include "thresher/cli/key_arguments.h"
#include "thresher/cli/numbers.h"
#include "thresher/runtime/base/assert.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace thresher::cli {

namespace {

constexpr std::uint64_t seeds_default = 2000;
constexpr std::uint64_t seeds_max = 1'000'000'000;
constexpr std::uint64_t canary_seeds = 500;
/// The first hunt looks for all defects at once and leaves the rare ones to hunts of their own.
constexpr std::uint64_t joint_hunt_seeds = 200;

bool is_canary(const scenarios::ScenarioInfo& info) { return info.name.starts_with("canary/"); }

std::vector<std::string> labels_of(const scenarios::ScenarioInfo& info) {
  std::vector<std::string> labels;
  for (const scenarios::Defect& defect : info.defects) labels.emplace_back(defect.label);
  return labels;
}

LegPlan leg_of(const CampaignConfig& config, const scenarios::ScenarioInfo& info) {
  LegPlan leg;
  leg.settings = config.settings;
  leg.settings.scenario = info.name;
  leg.first_seed = config.first_seed;
  leg.seeds = config.seeds;
  if (!config.strategy.empty()) {
    auto strategy = parse_strategy(config.strategy);
    THRESHER_ASSERT(strategy.has_value());
    leg.strategy = *strategy;
  }
  return leg;
}

LegPlan canary_leg(const CampaignConfig& config, const scenarios::ScenarioInfo& info) {
  // The canary shows that the explorer sees; knobs and plans of others are not its business.
  CampaignConfig bare;
  bare.first_seed = config.first_seed;
  bare.seeds = canary_seeds;
  LegPlan leg = leg_of(bare, info);
  leg.purpose = Purpose::canary;
  leg.wanted = labels_of(info);
  return leg;
}

LegPlan hunt_leg(const CampaignConfig& config, const scenarios::ScenarioInfo& info) {
  LegPlan leg = leg_of(config, info);
  leg.purpose = Purpose::hunt;
  leg.wanted = labels_of(info);
  leg.seeds = std::min(config.hunt_seeds, joint_hunt_seeds);
  return leg;
}

Parsed<std::vector<std::string>> known_names(const std::vector<std::string>& names,
                                             Scenarios scenarios) {
  std::vector<std::string> known;
  for (const std::string& name : names) {
    THRESHER_TRY(scenario, known_scenario(scenarios, name));
    std::string full{scenario->info().name};
    if (std::find(known.begin(), known.end(), full) == known.end()) {
      known.push_back(std::move(full));
    }
  }
  return known;
}

}  // namespace

Parsed<CampaignConfig> config_of(const CampaignArguments& arguments, Scenarios scenarios) {
  CampaignConfig config;
  THRESHER_TRY(names, known_names(arguments.scenarios, scenarios));
  config.scenarios = names;
  config.seeds = seeds_default;
  if (!arguments.seeds.empty()) {
    THRESHER_TRY(seeds, parse_count("--seeds", arguments.seeds, 1, seeds_max));
    config.seeds = seeds;
  }
  THRESHER_TRY(hunt_seeds, parse_count("--hunt-seeds", arguments.hunt_seeds, 1, seeds_max));
  config.hunt_seeds = hunt_seeds;
  config.twice = arguments.twice;
  THRESHER_TRY(seed, parse_seed("--first-seed", arguments.first_seed));
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - 2 * seeds_max;
  if (seed.origin.empty() && seed.value > room) {
    return misuse("--first-seed " + arguments.first_seed + ": too near 2^64; give one up to " +
                  std::to_string(room));
  }
  config.first_seed = std::min(seed.value, room);
  config.seed_origin = seed.origin;
  if (!arguments.key.strategy.empty()) {
    THRESHER_TRY_VOID(parse_strategy(arguments.key.strategy));
    config.strategy = arguments.key.strategy;
  }
  THRESHER_TRY(settings, settings_of(arguments.key, ""));
  config.settings = settings;
  config.commit = commit_text();
  return config;
}

CampaignPlan plan_campaign(const CampaignConfig& config, Scenarios scenarios) {
  CampaignPlan plan;
  plan.hunt_seeds = config.hunt_seeds;
  plan.twice = config.twice;
  const auto named = [&](const scenarios::ScenarioInfo& info) {
    return std::find(config.scenarios.begin(), config.scenarios.end(), info.name) !=
           config.scenarios.end();
  };
  for (const auto* scenario : scenarios) {
    const scenarios::ScenarioInfo& info = scenario->info();
    if (is_canary(info) && info.negative()) plan.legs.push_back(canary_leg(config, info));
    const bool all = config.scenarios.empty();
    if (named(info) || (all && !info.negative())) plan.legs.push_back(leg_of(config, info));
    if (all && info.negative() && !is_canary(info)) plan.legs.push_back(hunt_leg(config, info));
  }
  return plan;
}

nlohmann::json to_json(const CampaignConfig& config) {
  return {{"scenarios", config.scenarios},     {"seeds", config.seeds},
          {"first_seed", config.first_seed},   {"seed_origin", config.seed_origin},
          {"hunt_seeds", config.hunt_seeds},   {"strategy", config.strategy},
          {"twice", config.twice},
          {"settings", to_json(config.settings)}, {"commit", config.commit}};
}

std::optional<CampaignConfig> config_from(const nlohmann::json& json) {
  CampaignConfig config;
  try {
    json.at("scenarios").get_to(config.scenarios);
    json.at("seeds").get_to(config.seeds);
    json.at("first_seed").get_to(config.first_seed);
    json.at("seed_origin").get_to(config.seed_origin);
    json.at("hunt_seeds").get_to(config.hunt_seeds);
    json.at("strategy").get_to(config.strategy);
    json.at("twice").get_to(config.twice);
    json.at("commit").get_to(config.commit);
    const auto settings = settings_from(json.at("settings"));
    if (!settings) return std::nullopt;
    config.settings = *settings;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return config;
}

}  // namespace thresher::cli
