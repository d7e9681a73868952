// Strategies alone: what they may pick, what they promise.
#include "thresher/sim/explore/pct_strategy.h"
#include "thresher/sim/explore/random_strategy.h"
#include "thresher/sim/explore/strategy_factory.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <rapidcheck.h>
#include <algorithm>
#include <array>
#include <deque>

namespace thresher::sim {
namespace {

// Tells a strategy a random story of fibers and checks that each pick is one that may run.
void tell_story(Strategy& strategy, std::uint64_t seed) {
  SplitMix random{seed};
  strategy.begin(seed);
  std::deque<Candidate> fibers;
  std::vector<Candidate*> ready;
  std::vector<Candidate*> parked;
  for (std::uint64_t step = 1; step < 200; ++step) {
    if (ready.empty() || random.below(4) == 0) {
      fibers.push_back({.id = step, .chain = step});
      ready.push_back(&fibers.back());
      strategy.spawned(fibers.back());
    }
    if (!parked.empty() && random.below(2) == 0) {
      strategy.ready(*parked.back());
      ready.push_back(parked.back());
      parked.pop_back();
    }
    Candidate& picked = strategy.pick(nullptr, step);
    const auto at = std::find(ready.begin(), ready.end(), &picked);
    RC_ASSERT(at != ready.end());
    switch (random.below(3)) {
      case 0: strategy.yielded(picked); break;
      case 1:
        strategy.blocked(picked);
        parked.push_back(&picked);
        ready.erase(at);
        break;
      default:
        strategy.ended(picked);
        ready.erase(at);
    }
  }
}

RC_GTEST_PROP(Strategies, pick_only_fibers_that_are_ready, (std::uint64_t seed)) {
  RandomStrategy random;
  tell_story(random, seed);
  PctStrategy pct{3, 100};
  tell_story(pct, seed);
}

TEST(RandomStrategy, picks_each_ready_fiber_about_equally_often) {
  RandomStrategy strategy;
  strategy.begin(1);
  std::array<Candidate, 4> fibers;
  for (Candidate& fiber : fibers) strategy.spawned(fiber);
  std::array<int, 4> picked{};
  for (std::uint64_t step = 1; step <= 4000; ++step) {
    ++picked.at(strategy.pick(nullptr, step).slot);
  }
  for (const int count : picked) EXPECT_NEAR(count, 1000, 150);
}

class PctStrategyTest : public testing::Test {
 protected:
  // How often the running fiber is another one than before, with nobody parking or yielding.
  static int switches(std::uint32_t depth, std::uint64_t seed) {
    PctStrategy strategy{depth, 50};
    strategy.begin(seed);
    std::array<Candidate, 5> fibers;
    for (std::size_t i = 0; i < fibers.size(); ++i) {
      fibers.at(i).id = fibers.at(i).chain = i + 1;
      strategy.spawned(fibers.at(i));
    }
    Candidate* running = nullptr;
    int count = 0;
    for (std::uint64_t step = 1; step <= 50; ++step) {
      Candidate* const next = &strategy.pick(running, step);
      count += running != nullptr && next != running ? 1 : 0;
      running = next;
    }
    return count;
  }
};

TEST_F(PctStrategyTest, preempts_at_most_d_minus_1_times) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(switches(1, seed), 0);
    EXPECT_LE(switches(4, seed), 3);
  }
}

TEST_F(PctStrategyTest, changes_somewhere_in_nearly_every_run) {
  int changed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) changed += switches(2, seed);
  EXPECT_GT(changed, 150);
}

TEST_F(PctStrategyTest, lets_others_run_before_one_that_yielded) {
  PctStrategy strategy{1, 10};
  strategy.begin(1);
  std::array<Candidate, 2> fibers;
  for (Candidate& fiber : fibers) strategy.spawned(fiber);
  Candidate& first = strategy.pick(nullptr, 1);
  strategy.yielded(first);
  Candidate& second = strategy.pick(&first, 2);
  EXPECT_NE(&second, &first);
  strategy.yielded(second);
  EXPECT_EQ(&strategy.pick(&second, 3), &first);
}

TEST(StrategySpec, is_the_same_after_writing_and_parsing) {
  for (const char* text : {"random", "pct:d=3,k=400", "pct:d=1,k=1"}) {
    const auto spec = StrategySpec::parse(text);
    ASSERT_TRUE(spec.has_value()) << text;
    EXPECT_EQ(spec->text(), text);
    EXPECT_NE(make_strategy(*spec), nullptr);
  }
}

TEST(StrategySpec, refuses_what_it_does_not_know) {
  for (const char* text : {"", "fair", "pct:d=0", "pct:k=0", "pct:d=x", "pct:q=1", "pct:d=-1"}) {
    EXPECT_FALSE(StrategySpec::parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace thresher::sim
