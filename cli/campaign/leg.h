// One leg of a campaign: a range of seeds of one scenario, and what became of them.
//
// Two purposes. Exploring runs all its seeds, in any order and on any number of jobs. A hunt looks
// for known defects and stops at the first chunk of seeds after which all it wants were seen; its
// chunks are done one after another, so that where it stops depends on the seeds alone. All state
// here follows from facts applied in any order within a purpose's rule; nothing knows of processes.
#pragma once

#include "thresher/cli/campaign/task.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace thresher::cli {

/// Some seeds of a leg, by index from its first.
struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const noexcept { return first + count; }
  friend bool operator==(const Range&, const Range&) = default;
};

enum class Purpose : std::uint8_t { explore, hunt, canary };

struct LegPlan {
  Purpose purpose = Purpose::explore;
  RunSettings settings;
  /// The strategy asked for, or none for the rotation.
  std::optional<sim::StrategySpec> strategy;
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 0;
  /// Labels that a hunt wants to see.
  std::vector<std::string> wanted;

  /// Unique within a campaign: "explore guide/pooled", "hunt guide/x --only pool.slot_lost".
  std::string name() const;
};

/// Failures of one kind.
struct Group {
  sim::Verdict verdict = sim::Verdict::survived;
  std::uint64_t count = 0;
  /// The failing run with the fewest steps; of equals, that of the smallest seed.
  Outcome fastest;
  /// Index of the first failing seed.
  std::uint64_t first_index = UINT64_MAX;
};

class Leg {
 public:
  /// Seeds of one chunk of a hunt.
  static constexpr std::uint64_t hunt_chunk = 25;
  /// A scenario that hangs so often is given up: each hang costs its whole wall-clock limit.
  static constexpr std::uint64_t hangs_max = 10;

  explicit Leg(LegPlan plan);

  const LegPlan& plan() const noexcept { return plan_; }
  std::uint64_t seed_at(std::uint64_t index) const noexcept { return plan_.first_seed + index; }

  /// The next range to run, at most `most` seeds and within one epoch; nothing when all is given
  /// out, or a hunt waits for its chunk. Marks it as given out.
  std::optional<Range> take(std::uint64_t most);
  /// Takes a range back that was given out; what of it was done is then added.
  void give_back(Range range);
  /// The epoch that `take` would need the length of next, if it is not known nor being measured.
  std::optional<std::uint64_t> unmeasured_epoch() const;
  void measuring(std::uint64_t epoch) { being_measured_.insert(epoch); }
  void not_measured(std::uint64_t epoch) { being_measured_.erase(epoch); }
  void measured(std::uint64_t epoch, std::uint64_t length) { lengths_[epoch] = length; }
  /// The runs of a range. Requires: its epoch was measured.
  std::vector<RunSpec> runs_of(Range range) const;

  /// Adds what a range gave. Requires: no part of it was added before.
  void add(Range range, const Totals& totals, const std::vector<Outcome>& outcomes);
  /// Gives out nothing more. The leg counts as cut short if seeds are left.
  void stop() noexcept { stopped_ = true; }

  std::uint64_t done() const noexcept { return totals_.runs; }
  /// Whether no more runs are to come.
  bool finished() const;
  /// Whether seeds are left that would have been run.
  bool cut_short() const { return stopped_ && !complete(); }
  /// Whether a hunt saw every label it wants.
  bool found_all() const;
  /// How many seeds, from the first, it took to see `label`; nothing when it was not seen.
  std::optional<std::uint64_t> seeds_until(const std::string& label) const;
  bool gave_up() const noexcept { return hangs_ >= hangs_max; }

  const Totals& totals() const noexcept { return totals_; }
  const std::map<std::string, Group>& groups() const noexcept { return groups_; }

 private:
  bool complete() const { return done() == plan_.seeds; }
  bool hunting() const noexcept { return plan_.purpose != Purpose::explore; }
  void cover(Range range);
  std::optional<Range> waiting() const;
  void group(const Outcome& outcome);

  LegPlan plan_;
  /// What is done or given out: first -> end, neighbours merged.
  std::map<std::uint64_t, std::uint64_t> covered_;
  std::map<std::uint64_t, std::uint64_t> lengths_;
  std::set<std::uint64_t> being_measured_;
  /// Number of ranges given out.
  std::uint64_t out_ = 0;
  std::uint64_t hangs_ = 0;
  bool stopped_ = false;
  Totals totals_;
  std::map<std::string, Group> groups_;
};

}  // namespace thresher::cli
