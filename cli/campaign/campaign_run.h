// One campaign being run: conductor, crew, journal, folder and clock brought together. One thread;
// the wall clock decides when to stop and what to print, and nothing else.
#pragma once

#include "thresher/cli/campaign/campaign_config.h"
#include "thresher/cli/campaign/crew.h"
#include "thresher/cli/campaign/interrupt.h"
#include "thresher/cli/campaign/journal.h"
#include "thresher/cli/campaign/out_folder.h"
#include "thresher/cli/campaign/progress.h"
#include "thresher/cli/campaign/summary.h"

#include <chrono>
#include <iosfwd>
#include <map>
#include <optional>

namespace thresher::cli {

/// What a campaign needs besides its configuration.
struct CampaignMeans {
  WorkerRecipe recipe;
  CrewLimits limits;
  /// Exploring stops after so long; zero for never.
  std::chrono::milliseconds time_budget{};
  Progress progress;
};

class CampaignRun {
 public:
  CampaignRun(CampaignConfig config, CampaignMeans means, OutFolder folder, Journal journal);

  /// Learns what an earlier part of this campaign did. False when it does not fit.
  bool learn(const std::vector<Fact>& facts);
  /// Runs to the end, to the end of the budget, or until interrupted. Errors: a task that is
  /// refused, or a harness that cannot go on (a full disk).
  Parsed<void> run();
  /// Runs the fastest seed of each failure again, in full, and keeps its report and tape; then
  /// writes the summary. Trouble with the folder becomes part of the summary.
  void report(Summary& summary);

  Summary summary() const;
  WallFacts wall() const;
  bool interrupted() const noexcept { return watch_.interrupted(); }
  const std::string& folder() const noexcept { return folder_.path(); }

 private:
  using Clock = std::chrono::steady_clock;

  std::chrono::milliseconds elapsed() const;
  Parsed<void> give_out();
  Parsed<void> take_in();
  void tell();
  /// Runs the row's fastest seed again and keeps what it gave; tells how it went.
  Parsed<Outcome> detail(FailureRow& row);
  Parsed<void> compare(DifferenceRow& row);
  Parsed<Done> alone(const RunSettings& settings, const RunSpec& spec, Detail detail,
                     WorkerKind kind) const;
  void report_failures(Summary& summary);
  void report_differences(Summary& summary);

  CampaignConfig config_;
  CampaignMeans means_;
  OutFolder folder_;
  Journal journal_;
  InterruptWatch watch_;
  Conductor conductor_;
  Crew crew_;
  std::map<std::uint64_t, Clock::time_point> given_at_;
  Clock::time_point started_ = Clock::now();
  Clock::time_point synced_ = started_;
  bool out_of_time_ = false;
  std::uint64_t runs_learned_ = 0;
};

}  // namespace thresher::cli
