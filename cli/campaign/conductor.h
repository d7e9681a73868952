// Decides what is done next in a campaign and learns from what was done.
//
// All knowledge enters through facts: a range explored, a length measured, a run done twice. Facts
// are what the journal keeps, so that resuming is applying them again. The order in which facts
// come depends on the number of jobs; what they add up to does not. One thread; knows no processes,
// no clocks and no files.
#pragma once

#include "thresher/cli/campaign/crew.h"
#include "thresher/cli/campaign/leg.h"
#include "thresher/cli/run_report.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace thresher::cli {

/// Seeds of one range were run.
struct Explored {
  std::string leg;
  Range range;
  Totals totals;
  std::vector<Outcome> outcomes;
};

/// The length of a leg's runs in an epoch, for PCT.
struct Measured {
  std::string leg;
  std::uint64_t epoch = 0;
  std::uint64_t length = 1;
};

/// A run was done a second time, under other circumstances.
struct Twinned {
  std::string leg;
  Outcome first;
  Outcome second;
};

/// A worker was killed from outside, most likely by the kernel. The seed is run again.
struct Killed {
  std::string leg;
  std::uint64_t seed = 0;
};

using Fact = std::variant<Explored, Measured, Twinned, Killed>;

/// Something to do, with the ticket under which it is answered.
struct Assignment {
  std::uint64_t ticket = 0;
  WorkerKind kind = WorkerKind::explorer;
  Task task;
};

/// What the campaign is made of; see `plan_campaign`.
struct CampaignPlan {
  std::vector<LegPlan> legs;
  /// Seeds for each defect that is hunted alone.
  std::uint64_t hunt_seeds = 2000;
  /// Every run is done twice.
  bool twice = false;
};

class Conductor {
 public:
  /// `record` is called with each fact that is new.
  Conductor(CampaignPlan plan, std::function<void(const Fact&)> record);

  /// What to do next, or nothing as long as others' answers are awaited (or all is done).
  std::optional<Assignment> next();
  /// Takes what became of an assignment. Errors: the task was refused (a knob, a plan).
  Parsed<void> done(const Done& done, std::chrono::milliseconds took);
  /// Learns a fact from a journal. False when it does not belong to this campaign.
  bool learn(const Fact& fact);
  /// Explores no more; what must still be compared, is.
  void stop_exploring();
  /// Whether nothing is to do and nobody is awaited.
  bool finished() const;

  const std::vector<Leg>& legs() const noexcept { return legs_; }
  const std::vector<Twinned>& differing() const noexcept { return differing_; }
  const std::vector<Killed>& killed() const noexcept { return killed_; }
  std::uint64_t twins_compared() const noexcept { return twins_compared_; }
  /// Runs done and runs planned of all legs, for progress (a hunt that found all counts as done).
  std::pair<std::uint64_t, std::uint64_t> progress() const;

 private:
  struct Exploring {
    std::size_t leg;
    Range range;
  };
  struct Measuring {
    std::size_t leg;
    std::uint64_t epoch;
  };
  struct Twinning {
    std::size_t leg;
    std::vector<Outcome> firsts;
  };
  using Work = std::variant<Exploring, Measuring, Twinning>;

  std::optional<Assignment> next_of(std::size_t leg);
  std::optional<Assignment> next_among(bool hunts);
  std::optional<Assignment> next_exploring();
  std::optional<Assignment> next_twin(std::size_t at_least);
  Assignment assign(Work work, WorkerKind kind, Task task);
  std::optional<std::size_t> leg_named(const std::string& name) const;

  void publish(const Fact& fact);
  bool apply(const Explored& fact);
  bool apply(const Measured& fact);
  bool apply(const Twinned& fact);
  bool apply(const Killed& fact);
  void end_hunt(std::size_t leg);
  void follow_up(const Leg& hunt);

  void answered(const Exploring& work, const Answer& answer, std::chrono::milliseconds took);
  void answered(const Measuring& work, const Answer& answer);
  void answered(const Twinning& work, const Answer& answer);
  /// Notes that a worker was killed from outside; false when that happened too often at this seed.
  bool may_try_again(const std::string& leg, std::uint64_t seed);
  void died(const Exploring& work, const Done& done);
  void died(const Measuring& work, const Done& done);
  void died(const Twinning& work, const Done& done);

  CampaignPlan plan_;
  std::function<void(const Fact&)> record_;
  std::vector<Leg> legs_;
  /// Seeds given out at once, by leg: grown until a task takes a good moment.
  std::vector<std::uint64_t> batch_;
  /// Runs to be done a second time, by leg.
  std::vector<std::vector<Outcome>> to_twin_;
  std::map<std::uint64_t, Work> awaited_;
  std::uint64_t next_ticket_ = 1;
  std::size_t hunt_turn_ = 0;
  std::size_t explore_turn_ = 0;
  bool hunts_next_ = false;
  std::uint64_t twins_compared_ = 0;
  std::vector<Twinned> differing_;
  std::vector<Killed> killed_;
};

}  // namespace thresher::cli
