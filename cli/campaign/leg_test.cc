// A leg gives out each seed once, in epochs, and a hunt stops where the seeds alone decide.
#include "thresher/cli/campaign/leg.h"

#include "thresher/cli/campaign/rotation.h"

#include <gtest/gtest.h>

namespace thresher::cli {
namespace {

class LegTest : public ::testing::Test {
 protected:
  Leg leg(Purpose purpose, std::uint64_t seeds, std::uint64_t first = 1) {
    LegPlan plan;
    plan.purpose = purpose;
    plan.settings.scenario = "a/b";
    plan.first_seed = first;
    plan.seeds = seeds;
    plan.wanted = {"it.broke"};
    Leg made{plan};
    made.measured(epoch_of(first), 100);
    return made;
  }
  Outcome failure(std::uint64_t seed, std::uint64_t steps, std::string label = "it.broke") {
    return {.spec = {.seed = seed, .strategy = {}}, .verdict = sim::Verdict::safety,
            .label = std::move(label), .steps = steps, .trace_hash = 7};
  }
  void finish(Leg& leg, Range range, std::vector<Outcome> outcomes = {}) {
    leg.give_back(range);
    Totals totals;
    totals.runs = range.count;
    totals.failed = outcomes.size();
    leg.add(range, totals, outcomes);
  }
};

TEST_F(LegTest, gives_out_every_seed_once) {
  Leg it = leg(Purpose::explore, 10);
  EXPECT_EQ(it.take(6), (Range{0, 6}));
  EXPECT_EQ(it.take(6), (Range{6, 4}));
  EXPECT_EQ(it.take(6), std::nullopt);
  EXPECT_FALSE(it.finished());
}

TEST_F(LegTest, is_finished_when_all_that_was_given_out_is_done) {
  Leg it = leg(Purpose::explore, 10);
  const Range first = *it.take(6);
  const Range second = *it.take(6);
  finish(it, second);
  EXPECT_FALSE(it.finished());
  finish(it, first);
  EXPECT_TRUE(it.finished());
}

TEST_F(LegTest, gives_out_again_what_came_back_undone) {
  Leg it = leg(Purpose::explore, 10);
  const Range range = *it.take(10);
  it.give_back(range);
  Totals one;
  one.runs = 1;
  it.add({4, 1}, one, {});
  EXPECT_EQ(it.take(10), (Range{0, 4}));
  EXPECT_EQ(it.take(10), (Range{5, 5}));
}

TEST_F(LegTest, asks_for_the_length_of_each_epoch_once) {
  Leg it = leg(Purpose::explore, 10, 3 * epoch_seeds - 4);
  EXPECT_EQ(it.take(10), (Range{0, 4}));
  EXPECT_EQ(it.take(10), std::nullopt);
  EXPECT_EQ(it.unmeasured_epoch(), 3u);
  it.measuring(3);
  EXPECT_EQ(it.unmeasured_epoch(), std::nullopt);
  it.measured(3, 50);
  EXPECT_EQ(it.take(10), (Range{4, 6}));
}

TEST_F(LegTest, keeps_the_fastest_failing_seed_whatever_came_first) {
  Leg one = leg(Purpose::explore, 10);
  Leg other = leg(Purpose::explore, 10);
  finish(one, *one.take(5), {failure(2, 30), failure(3, 20)});
  finish(one, *one.take(5), {failure(7, 20), failure(8, 25)});
  const Range first = *other.take(5);
  finish(other, *other.take(5), {failure(7, 20), failure(8, 25)});
  finish(other, first, {failure(2, 30), failure(3, 20)});
  for (const Leg* each : {&one, &other}) {
    const Group& group = each->groups().at("it.broke");
    EXPECT_EQ(group.count, 4u);
    EXPECT_EQ(group.fastest.spec.seed, 3u);
    EXPECT_EQ(group.first_index, 1u);
  }
}

TEST_F(LegTest, hunts_one_chunk_after_another) {
  Leg it = leg(Purpose::hunt, 100);
  const Range chunk = *it.take(500);
  EXPECT_EQ(chunk, (Range{0, Leg::hunt_chunk}));
  EXPECT_EQ(it.take(500), std::nullopt);
  finish(it, chunk);
  EXPECT_EQ(it.take(500), (Range{Leg::hunt_chunk, Leg::hunt_chunk}));
}

TEST_F(LegTest, ends_a_hunt_after_the_chunk_in_which_all_was_found) {
  Leg it = leg(Purpose::hunt, 100);
  finish(it, *it.take(10), {failure(3, 20)});
  EXPECT_FALSE(it.finished());
  finish(it, *it.take(500));
  EXPECT_TRUE(it.finished());
  EXPECT_EQ(it.seeds_until("it.broke"), 3u);
}

TEST_F(LegTest, gives_up_a_scenario_that_always_hangs) {
  Leg it = leg(Purpose::explore, 100);
  for (std::uint64_t i = 0; i < Leg::hangs_max; ++i) {
    finish(it, *it.take(1), {failure(i + 1, 0, "hang")});
  }
  EXPECT_TRUE(it.gave_up());
  EXPECT_TRUE(it.finished());
}

TEST(Rotation, gives_every_seed_its_strategy_whoever_asks) {
  EXPECT_EQ(strategy_for(5, std::nullopt, 100).text(), "random");
  EXPECT_EQ(strategy_for(6, std::nullopt, 100).text(), "pct:d=1,k=100");
  EXPECT_EQ(strategy_for(9, std::nullopt, 100).text(), "pct:d=5,k=100");
}

TEST(Rotation, completes_a_fixed_strategy_with_the_measured_length) {
  const sim::StrategySpec fixed{.kind = sim::StrategySpec::Kind::pct, .depth = 4, .length = 0};
  EXPECT_EQ(strategy_for(5, fixed, 100).text(), "pct:d=4,k=100");
}

TEST(Rotation, chooses_about_one_seed_in_twenty_for_a_second_run) {
  int chosen = 0;
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) chosen += chosen_for_twin(seed) ? 1 : 0;
  EXPECT_GT(chosen, 400);
  EXPECT_LT(chosen, 600);
}

}  // namespace
}  // namespace thresher::cli
