// Decides what is done next in a campaign and learns from what was done. In three parts: what to
// do next, facts, and answers and deaths, which become facts.
#include "thresher/cli/campaign/conductor.h"

#include "thresher/cli/campaign/rotation.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::cli {

namespace {

constexpr std::uint64_t batch_first = 16;
constexpr std::uint64_t batch_max = 500;
/// A task should take long enough to be worth its message, and not so long that a stop waits.
constexpr std::chrono::milliseconds task_short{150};
constexpr std::chrono::milliseconds task_long{600};
/// Second runs are gathered, since their workers are started anew.
constexpr std::size_t twin_batch = 32;
/// A seed whose worker was killed from outside so often is taken for a crash.
constexpr std::ptrdiff_t kills_max = 3;

}  // namespace

Conductor::Conductor(CampaignPlan plan, std::function<void(const Fact&)> record)
    : plan_{std::move(plan)}, record_{std::move(record)} {
  for (const LegPlan& leg : plan_.legs) legs_.emplace_back(leg);
  batch_.assign(legs_.size(), batch_first);
  to_twin_.resize(legs_.size());
}

std::optional<std::size_t> Conductor::leg_named(const std::string& name) const {
  const auto found = std::find_if(legs_.begin(), legs_.end(),
                                  [&](const Leg& leg) { return leg.plan().name() == name; });
  if (found == legs_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - legs_.begin());
}

// ---- What to do next ----

Assignment Conductor::assign(Work work, WorkerKind kind, Task task) {
  const std::uint64_t ticket = next_ticket_++;
  awaited_.emplace(ticket, std::move(work));
  return {ticket, kind, std::move(task)};
}

std::optional<Assignment> Conductor::next_of(std::size_t leg) {
  Leg& it = legs_[leg];
  if (const auto epoch = it.unmeasured_epoch()) {
    it.measuring(*epoch);
    return assign(Measuring{leg, *epoch}, WorkerKind::explorer,
                  measuring_task(it.plan().settings, *epoch));
  }
  const auto range = it.take(batch_[leg]);
  if (!range) return std::nullopt;
  Task task;
  task.settings = it.plan().settings;
  task.runs = it.runs_of(*range);
  task.all_outcomes = plan_.twice;
  return assign(Exploring{leg, *range}, WorkerKind::explorer, std::move(task));
}

std::optional<Assignment> Conductor::next_among(bool hunts) {
  std::size_t& turn = hunts ? hunt_turn_ : explore_turn_;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const std::size_t leg = (turn + i) % legs_.size();
    if ((legs_[leg].plan().purpose != Purpose::explore) != hunts) continue;
    if (auto assignment = next_of(leg)) {
      turn = leg + 1;
      return assignment;
    }
  }
  return std::nullopt;
}

std::optional<Assignment> Conductor::next_exploring() {
  // Turn about, so that under a budget of time neither starves the other.
  hunts_next_ = !hunts_next_;
  if (auto assignment = next_among(hunts_next_)) return assignment;
  return next_among(!hunts_next_);
}

std::optional<Assignment> Conductor::next_twin(std::size_t at_least) {
  const auto leg = std::find_if(to_twin_.begin(), to_twin_.end(), [&](const auto& waiting) {
    return waiting.size() >= at_least;
  });
  if (leg == to_twin_.end()) return std::nullopt;
  const std::size_t count = std::min(leg->size(), twin_batch);
  std::vector<Outcome> firsts{leg->begin(), leg->begin() + static_cast<std::ptrdiff_t>(count)};
  leg->erase(leg->begin(), leg->begin() + static_cast<std::ptrdiff_t>(count));
  const auto index = static_cast<std::size_t>(leg - to_twin_.begin());
  Task task;
  task.settings = legs_[index].plan().settings;
  task.all_outcomes = true;
  for (const Outcome& first : firsts) task.runs.push_back(first.spec);
  return assign(Twinning{index, std::move(firsts)}, WorkerKind::twin, std::move(task));
}

std::optional<Assignment> Conductor::next() {
  if (auto assignment = next_twin(twin_batch)) return assignment;
  if (auto assignment = next_exploring()) return assignment;
  return next_twin(1);
}

void Conductor::stop_exploring() {
  for (Leg& leg : legs_) leg.stop();
}

bool Conductor::finished() const {
  return awaited_.empty() &&
         std::all_of(legs_.begin(), legs_.end(), [](const Leg& leg) { return leg.finished(); }) &&
         std::all_of(to_twin_.begin(), to_twin_.end(), [](const auto& all) { return all.empty(); });
}

std::pair<std::uint64_t, std::uint64_t> Conductor::progress() const {
  std::pair<std::uint64_t, std::uint64_t> both{0, 0};
  for (const Leg& leg : legs_) {
    both.first += leg.done();
    both.second += leg.finished() ? leg.done() : leg.plan().seeds;
  }
  return both;
}

// ---- Facts ----

void Conductor::publish(const Fact& fact) {
  const bool known = learn(fact);
  THRESHER_ASSERT(known);
  record_(fact);
}

bool Conductor::learn(const Fact& fact) {
  return std::visit([this](const auto& each) { return apply(each); }, fact);
}

bool Conductor::apply(const Explored& fact) {
  const auto leg = leg_named(fact.leg);
  if (!leg) return false;
  Leg& it = legs_[*leg];
  it.add(fact.range, fact.totals, fact.outcomes);
  const bool exploring = it.plan().purpose == Purpose::explore;
  for (const Outcome& outcome : fact.outcomes) {
    // A hang costs its whole limit again and says nothing new.
    if (outcome.label == "hang") continue;
    const bool chosen = plan_.twice || chosen_for_twin(outcome.spec.seed);
    if (exploring || chosen) to_twin_[*leg].push_back(outcome);
  }
  if (!exploring && it.finished()) end_hunt(*leg);
  return true;
}

void Conductor::end_hunt(std::size_t leg) {
  // Most runs of a hunt fail, as they should; those that are shown must be sure.
  for (const auto& [label, group] : legs_[leg].groups()) {
    const bool chosen = plan_.twice || chosen_for_twin(group.fastest.spec.seed);
    const bool twinned = chosen || label == "hang";
    if (!twinned) to_twin_[leg].push_back(group.fastest);
  }
  follow_up(legs_[leg]);
}

bool Conductor::apply(const Measured& fact) {
  const auto leg = leg_named(fact.leg);
  if (!leg) return false;
  legs_[*leg].measured(fact.epoch, fact.length);
  return true;
}

bool Conductor::apply(const Twinned& fact) {
  const auto leg = leg_named(fact.leg);
  if (!leg) return false;
  twins_compared_ += 1;
  if (!fact.first.same_run(fact.second)) differing_.push_back(fact);
  // When resuming, the run still waits for its twin; while running it was taken out before.
  auto& waiting = to_twin_[*leg];
  const auto found = std::find_if(waiting.begin(), waiting.end(), [&](const Outcome& outcome) {
    return outcome.spec.seed == fact.first.spec.seed;
  });
  if (found != waiting.end()) waiting.erase(found);
  return true;
}

bool Conductor::apply(const Killed& fact) {
  killed_.push_back(fact);
  return leg_named(fact.leg).has_value();
}

void Conductor::follow_up(const Leg& hunt) {
  if (hunt.plan().purpose != Purpose::hunt || !hunt.plan().settings.only.empty()) return;
  if (hunt.cut_short()) return;
  std::vector<LegPlan> plans;
  for (const std::string& label : hunt.plan().wanted) {
    if (hunt.groups().contains(label)) continue;
    LegPlan alone = hunt.plan();
    alone.settings.only = label;
    alone.wanted = {label};
    alone.seeds = plan_.hunt_seeds;
    plans.push_back(std::move(alone));
  }
  // Only now, since the hunt itself lives in the same list.
  for (LegPlan& plan : plans) {
    legs_.emplace_back(std::move(plan));
    batch_.push_back(batch_first);
    to_twin_.emplace_back();
  }
}

// ---- Answers and deaths ----

Parsed<void> Conductor::done(const Done& done, std::chrono::milliseconds took) {
  const auto entry = awaited_.find(done.ticket);
  THRESHER_ASSERT(entry != awaited_.end());
  const Work work = std::move(entry->second);
  awaited_.erase(entry);
  if (done.answer && !done.answer->problem.empty()) {
    return runtime::Unexpected{Problem{done.answer->problem, done.answer->problem_code}};
  }
  if (const auto* exploring = std::get_if<Exploring>(&work)) {
    if (done.answer) answered(*exploring, *done.answer, took);
    else died(*exploring, done);
  } else if (const auto* measuring = std::get_if<Measuring>(&work)) {
    if (done.answer) answered(*measuring, *done.answer);
    else died(*measuring, done);
  } else {
    const auto& twinning = std::get<Twinning>(work);
    if (done.answer) answered(twinning, *done.answer);
    else died(twinning, done);
  }
  return {};
}

void Conductor::answered(const Exploring& work, const Answer& answer,
                         std::chrono::milliseconds took) {
  Leg& leg = legs_[work.leg];
  leg.give_back(work.range);
  std::uint64_t& batch = batch_[work.leg];
  if (took < task_short && work.range.count == batch) batch = std::min(batch * 2, batch_max);
  if (took > task_long) batch = std::max<std::uint64_t>(1, batch / 2);
  publish(Explored{leg.plan().name(), work.range, answer.totals, answer.outcomes});
}

void Conductor::answered(const Measuring& work, const Answer& answer) {
  publish(Measured{legs_[work.leg].plan().name(), work.epoch, measured_length(answer.totals)});
}

void Conductor::answered(const Twinning& work, const Answer& answer) {
  THRESHER_ASSERT(answer.outcomes.size() == work.firsts.size());
  const std::string name = legs_[work.leg].plan().name();
  for (std::size_t i = 0; i < work.firsts.size(); ++i) {
    publish(Twinned{name, work.firsts[i], answer.outcomes[i]});
  }
}

bool Conductor::may_try_again(const std::string& leg, std::uint64_t seed) {
  publish(Killed{leg, seed});
  return std::count_if(killed_.begin(), killed_.end(), [&](const Killed& each) {
           return each.leg == leg && each.seed == seed;
         }) < kills_max;
}

void Conductor::died(const Exploring& work, const Done& done) {
  Leg& leg = legs_[work.leg];
  const std::string name = leg.plan().name();
  const std::uint64_t index = work.range.first + std::min(done.position, work.range.count - 1);
  const std::vector<RunSpec> runs = leg.runs_of({index, 1});
  // The runs before and after the one that died are given out again, by virtue of not being done.
  leg.give_back(work.range);
  const std::uint64_t seed = runs.front().seed;
  if (done.death->killed_from_outside() && may_try_again(name, seed)) return;
  const sim::RunResult result = result_of(*done.death);
  Explored fact{name, {index, 1}, {}, {outcome_of(runs.front(), result)}};
  fact.totals.add(runs.front().strategy, result);
  publish(fact);
}

void Conductor::died(const Measuring& work, const Done& done) {
  const std::string name = legs_[work.leg].plan().name();
  const std::vector<RunSpec> runs =
      measuring_task(legs_[work.leg].plan().settings, work.epoch).runs;
  const std::uint64_t seed = runs.at(std::min(done.position, runs.size() - 1)).seed;
  if (done.death->killed_from_outside() && may_try_again(name, seed)) {
    legs_[work.leg].not_measured(work.epoch);
    return;
  }
  publish(Measured{name, work.epoch, measured_length(Totals{})});
}

void Conductor::died(const Twinning& work, const Done& done) {
  const std::string name = legs_[work.leg].plan().name();
  const std::size_t position = std::min(done.position, work.firsts.size() - 1);
  for (std::size_t i = 0; i < work.firsts.size(); ++i) {
    const Outcome& first = work.firsts[i];
    const bool again = i != position || (done.death->killed_from_outside() &&
                                         may_try_again(name, first.spec.seed));
    if (again) {
      to_twin_[work.leg].push_back(first);
    } else {
      publish(Twinned{name, first, outcome_of(first.spec, result_of(*done.death))});
    }
  }
}

}  // namespace thresher::cli
