// The canary must be found quickly, by every strategy alike, and always the same way.
#include "thresher/scenarios/canary/lost_update.h"

#include <gtest/gtest.h>

namespace thresher::scenarios::canary {
namespace {

class Canary : public ::testing::Test {
 protected:
  sim::RunResult run(std::uint64_t seed, const char* strategy = "random") {
    sim::RunKey key;
    key.scenario = "canary/lost_update";
    key.seed = seed;
    key.strategy = sim::StrategySpec::parse(strategy).value();
    return lost_update().run(engine_, key, RunOptions{}, problem_).value();
  }
  std::uint64_t seeds_until_found(const char* strategy) {
    std::uint64_t seed = 1;
    while (seed <= 500 && run(seed, strategy).verdict == sim::Verdict::survived) ++seed;
    return seed;
  }

  sim::Engine engine_;
  std::string problem_;
};

TEST_F(Canary, is_found_by_random_within_its_budget) {
  EXPECT_LE(seeds_until_found("random"), 500u);
}

TEST_F(Canary, is_found_by_pct_within_its_budget) {
  EXPECT_LE(seeds_until_found("pct:d=2,k=10"), 500u);
}

TEST_F(Canary, names_what_was_lost) {
  const sim::RunResult result = run(seeds_until_found("random"));
  EXPECT_EQ(result.label, "canary.update_lost");
  EXPECT_NE(result.message.find("the counter is 1"), std::string::npos) << result.message;
}

TEST_F(Canary, survives_some_seeds) {
  std::uint64_t survived = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    survived += run(seed).verdict == sim::Verdict::survived ? 1 : 0;
  }
  EXPECT_GT(survived, 0u);
}

TEST_F(Canary, gives_one_hash_for_one_seed) {
  EXPECT_EQ(run(7).trace_hash, run(7).trace_hash);
}

TEST_F(Canary, refuses_a_plan) {
  sim::RunKey key;
  key.plan = "{}";
  EXPECT_FALSE(lost_update().run(engine_, key, RunOptions{}, problem_).has_value());
  EXPECT_NE(problem_.find("--faults"), std::string::npos);
}

}  // namespace
}  // namespace thresher::scenarios::canary
