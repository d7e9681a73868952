// The swarm: valid plans, nothing silent without a claim, everything offered drawn at some time.
#include "thresher/faults/swarm.h"

#include "thresher/runtime/base/assert.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>

namespace thresher::faults {
namespace {

/// Draws from a seed, as a lane does.
class SeededDraw final : public Draw {
 public:
  explicit SeededDraw(std::uint64_t seed) : state_{runtime::mix(seed + 1)} {}
  bool chance(std::string_view name, Ratio ratio, const runtime::Site& site) override {
    return below(name, ratio.den, site) >= ratio.den - ratio.num;
  }
  std::uint64_t below(std::string_view, std::uint64_t n, const runtime::Site&) override {
    state_ += 0x9e3779b97f4a7c15u;
    return runtime::scale(runtime::mix(state_), n);
  }

 private:
  std::uint64_t state_;
};

Plan drawn(std::uint64_t seed, const SwarmOptions& options = {}) {
  SeededDraw draw{seed};
  return draw_swarm(draw, options);
}

constexpr SwarmOptions everything{.devices = 2,
                                  .workers = true,
                                  .layer = true,
                                  .storage = true,
                                  .lose_devices = true,
                                  .silent = true,
                                  .enabled = {.num = 1, .den = 3}};

TEST(Swarm, is_empty_where_all_answers_are_dull) {
  DullDraw draw;
  EXPECT_TRUE(draw_swarm(draw, everything).empty());
}

TEST(Swarm, leaves_kinds_out_and_draws_every_kind_at_some_time) {
  std::set<std::string> seen;
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Plan plan = drawn(seed, everything);
    sizes.insert(plan.rules.size());
    for (const Rule& rule : plan.rules) seen.insert(rule.label);
  }
  EXPECT_EQ(seen.size(), 32u);
  EXPECT_GT(sizes.size(), 5u);
}

TEST(Swarm, names_kinds_and_rates_for_the_report) {
  Plan plan;
  plan.rules.push_back({.label = "oom.allocate", .when = {.ratio = {.num = 1, .den = 30}}});
  EXPECT_EQ(describe(plan), "oom.allocate 1/30");
  EXPECT_EQ(describe(Plan{}), "none");
}

RC_GTEST_PROP(SwarmProperty, gives_plans_that_read_back_as_they_are, (std::uint64_t seed)) {
  const Plan plan = drawn(seed, everything);
  const auto again = Plan::parse(plan.json());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == plan);
}

RC_GTEST_PROP(SwarmProperty, has_nothing_silent_or_lost_without_a_claim, (std::uint64_t seed)) {
  for (const Rule& rule : drawn(seed).rules) {
    RC_ASSERT(!kind_row(rule.effect.kind).silent);
    RC_ASSERT(rule.effect.kind != FaultKind::fallen_off_bus);
    RC_ASSERT(rule.point.kind != PointKind::storage);
  }
}

}  // namespace
}  // namespace thresher::faults
