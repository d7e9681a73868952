// What a campaign found, judged: tables, failures, and the one verdict they come to.
//
// Made of the conductor's state alone, so that it is the same for any number of jobs; what the wall
// clock says stands apart in `WallFacts`.
#pragma once

#include "thresher/cli/campaign/campaign_config.h"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thresher::cli {

struct ScenarioRow {
  std::string scenario;
  Totals totals;
  std::uint64_t planned = 0;
  bool gave_up = false;
};

enum class Judged : std::uint8_t { happened, missed, not_judged };

/// A `sometimes` of a scenario over the campaign.
struct SometimesRow {
  std::string scenario;
  std::string label;
  std::uint64_t held = 0;
  std::uint64_t runs = 0;
  /// Runs after which it must have happened.
  std::uint64_t declared = 0;
  Judged status = Judged::not_judged;
};

/// A defect that was hunted.
struct HuntRow {
  RunSettings settings;
  std::string label;
  bool canary = false;
  bool found = false;
  /// The campaign ended before the hunt did.
  bool cut_short = false;
  /// Seeds it took, or seeds tried in vain.
  std::uint64_t seeds = 0;
  /// A run that shows it, when it was found.
  Outcome fastest;
};

/// Failures of one kind in one scenario.
struct FailureRow {
  Group group;
  std::uint64_t runs = 0;
  /// The fastest failing run in full, once it was done again for the report.
  RunReport report;
  /// Where its report and tape are; "" when they were not written.
  std::string folder;
};

struct DifferenceRow {
  RunSettings settings;
  Outcome first;
  Outcome second;
  /// Where the traces of two more runs part ways; "" when that was not looked into.
  std::string story;
};

struct WallFacts {
  std::chrono::milliseconds elapsed{};
  std::uint32_t jobs = 1;
  /// "" when everything was done, else "time budget" or "interrupted".
  std::string stopped_by;
};

struct Summary {
  CampaignConfig config;
  std::vector<ScenarioRow> scenarios;
  std::map<std::string, StrategyTotals> strategies;
  std::vector<SometimesRow> sometimes;
  std::vector<HuntRow> hunts;
  std::vector<FailureRow> failures;
  /// Labels that hunts saw and no scenario lists: "guide/x: label".
  std::vector<std::string> unlisted;
  std::uint64_t twins_compared = 0;
  std::vector<DifferenceRow> differing;
  std::vector<Killed> killed;
  /// Trouble of the harness itself, one line each.
  std::vector<std::string> troubles;
  sim::Verdict verdict = sim::Verdict::survived;

  std::uint64_t runs() const;
  runtime::Duration virtual_time() const;
};

/// Judges what the conductor learned.
Summary summarise(const CampaignConfig& config, const Conductor& conductor, Scenarios scenarios);

/// Of several verdicts the first of 7, 5, 4, 1, 3, 6 counts; sets it anew.
void judge(Summary& summary);

/// For a terminal: tables first, then the verdict, then each failure, the gravest last.
std::string text_of(const Summary& summary, const WallFacts& wall);

/// As JSON (docs/output-format.md). What depends on the wall clock is under "wall" alone.
nlohmann::ordered_json json_of(const Summary& summary, const WallFacts& wall);

}  // namespace thresher::cli
