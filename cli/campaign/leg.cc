// One leg of a campaign. What is covered is a set of intervals, in which the first gap is what
// comes next.
#include "thresher/cli/campaign/leg.h"

#include "thresher/cli/campaign/rotation.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <tuple>

namespace thresher::cli {

namespace {

std::string purpose_word(Purpose purpose) {
  switch (purpose) {
    case Purpose::explore: return "explore ";
    case Purpose::hunt: return "hunt ";
    case Purpose::canary: return "canary ";
  }
  THRESHER_UNREACHABLE();
}

bool faster(const Outcome& a, const Outcome& b) {
  return std::tie(a.steps, a.spec.seed) < std::tie(b.steps, b.spec.seed);
}

}  // namespace

std::string LegPlan::name() const {
  std::string text = purpose_word(purpose) + settings.scenario;
  return settings.only.empty() ? text : text + " --only " + settings.only;
}

Leg::Leg(LegPlan plan) : plan_{std::move(plan)} {
  THRESHER_ASSERT(plan_.seeds >= 1);
  THRESHER_ASSERT(plan_.first_seed <= UINT64_MAX - plan_.seeds);
}

std::optional<Range> Leg::waiting() const {
  if (stopped_ || gave_up() || finished()) return std::nullopt;
  const bool from_start = covered_.empty() || covered_.begin()->first != 0;
  const std::uint64_t first = from_start ? 0 : covered_.begin()->second;
  const auto next = from_start ? covered_.begin() : std::next(covered_.begin());
  std::uint64_t end = next == covered_.end() ? plan_.seeds : next->first;
  if (hunting()) end = std::min(end, (done() / hunt_chunk + 1) * hunt_chunk);
  if (first >= end) return std::nullopt;
  const std::uint64_t next_epoch = (epoch_of(seed_at(first)) + 1) * epoch_seeds;
  return Range{first, std::min(end - first, next_epoch - seed_at(first))};
}

std::optional<Range> Leg::take(std::uint64_t most) {
  auto range = waiting();
  if (!range || !lengths_.contains(epoch_of(seed_at(range->first)))) return std::nullopt;
  range->count = std::min(range->count, most);
  cover(*range);
  out_ += 1;
  return range;
}

std::optional<std::uint64_t> Leg::unmeasured_epoch() const {
  const auto range = waiting();
  if (!range) return std::nullopt;
  const std::uint64_t epoch = epoch_of(seed_at(range->first));
  if (lengths_.contains(epoch) || being_measured_.contains(epoch)) return std::nullopt;
  return epoch;
}

std::vector<RunSpec> Leg::runs_of(Range range) const {
  std::vector<RunSpec> runs;
  const std::uint64_t length = lengths_.at(epoch_of(seed_at(range.first)));
  for (std::uint64_t i = range.first; i < range.end(); ++i) {
    runs.push_back({seed_at(i), strategy_for(seed_at(i), plan_.strategy, length)});
  }
  return runs;
}

void Leg::cover(Range range) {
  THRESHER_ASSERT(range.count >= 1 && range.end() <= plan_.seeds);
  auto [entry, fresh] = covered_.emplace(range.first, range.end());
  THRESHER_ASSERT(fresh);
  if (const auto next = std::next(entry); next != covered_.end() && next->first == entry->second) {
    entry->second = next->second;
    covered_.erase(next);
  }
  if (entry == covered_.begin()) return;
  if (const auto before = std::prev(entry); before->second == entry->first) {
    before->second = entry->second;
    covered_.erase(entry);
  }
}

void Leg::give_back(Range range) {
  THRESHER_ASSERT(out_ > 0);
  out_ -= 1;
  const auto entry = std::prev(covered_.upper_bound(range.first));
  const std::uint64_t end = entry->second;
  THRESHER_ASSERT(range.end() <= end);
  if (entry->first == range.first) {
    covered_.erase(entry);
  } else {
    entry->second = range.first;
  }
  if (range.end() < end) covered_.emplace(range.end(), end);
}

void Leg::add(Range range, const Totals& totals, const std::vector<Outcome>& outcomes) {
  THRESHER_ASSERT(totals.runs == range.count);
  cover(range);
  totals_.add(totals);
  for (const Outcome& outcome : outcomes) {
    if (outcome.failed()) group(outcome);
  }
}

void Leg::group(const Outcome& outcome) {
  Group& group = groups_[outcome.label];
  const std::uint64_t index = outcome.spec.seed - plan_.first_seed;
  group.verdict = outcome.verdict;
  group.count += 1;
  group.first_index = std::min(group.first_index, index);
  if (group.count == 1 || faster(outcome, group.fastest)) group.fastest = outcome;
  if (outcome.label == "hang") hangs_ += 1;
}

bool Leg::found_all() const {
  return std::all_of(plan_.wanted.begin(), plan_.wanted.end(),
                     [&](const std::string& label) { return groups_.contains(label); });
}

std::optional<std::uint64_t> Leg::seeds_until(const std::string& label) const {
  const auto found = groups_.find(label);
  if (found == groups_.end()) return std::nullopt;
  return found->second.first_index + 1;
}

bool Leg::finished() const {
  if (out_ > 0) return false;
  if (complete() || stopped_ || gave_up()) return true;
  return hunting() && done() > 0 && done() % hunt_chunk == 0 && found_all();
}

}  // namespace thresher::cli
