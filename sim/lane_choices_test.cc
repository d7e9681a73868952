// Lanes: independent streams, followed strictly or as well as possible.
#include "thresher/sim/lane_choices.h"

#include <gtest/gtest.h>

namespace thresher::sim {
namespace {

// Keeps the first failure.
class FirstFailure final : public Checks {
 public:
  using Checks::always;
  bool always(bool condition, std::string_view,
              runtime::UniqueFunction<std::string()>) override {
    return condition;
  }
  void sometimes(bool, std::string_view) override {}
  void fail(Verdict, std::string_view, std::string text) override {
    if (message.empty()) message = std::move(text);
  }
  bool failed() const noexcept override { return !message.empty(); }
  void drawn(std::string_view, std::string) override {}
  void injected(std::string) override {}

  std::string message;
};

constexpr std::uint64_t sides = 1000;

class LaneChoicesTest : public testing::Test {
 protected:
  LaneChoicesTest() { explore(); }

  void explore(std::uint64_t seed = 1) {
    WorldOptions options;
    options.seed = seed;
    options.record = true;
    choices.begin(options);
  }
  void replay(const Tape& tape, ReplayMode mode) {
    WorldOptions options;
    options.replay = &tape;
    options.replay_mode = mode;
    choices.begin(options);
  }
  std::uint64_t throw_dice(std::string_view lane, std::uint64_t n = sides) {
    return choices.choose(choices.lane(lane), n, THRESHER_SITE("test.dice"));
  }
  std::uint64_t throw_coin(std::string_view lane) {
    return choices.choose(choices.lane(lane), sides, THRESHER_SITE("test.coin"));
  }
  Tape tape() {
    Tape recorded;
    choices.give(recorded);
    return recorded;
  }

  TraceHash hash;
  FirstFailure checks;
  LaneChoices choices{hash, checks};
};

TEST_F(LaneChoicesTest, gives_each_lane_a_stream_of_its_own) {
  throw_dice("a");
  const std::uint64_t after_one = throw_dice("b");
  explore();
  throw_dice("a");
  throw_dice("a");
  EXPECT_EQ(throw_dice("b"), after_one);
}

TEST_F(LaneChoicesTest, gives_other_answers_for_other_seeds) {
  const std::uint64_t first = throw_dice("a");
  explore(2);
  EXPECT_NE(throw_dice("a"), first);
}

TEST_F(LaneChoicesTest, records_no_choice_that_had_one_answer) {
  EXPECT_EQ(throw_dice("a", 1), 0u);
  EXPECT_TRUE(tape().lanes.empty());
}

TEST_F(LaneChoicesTest, answers_from_the_tape) {
  const std::uint64_t first = throw_dice("a");
  const std::uint64_t second = throw_dice("a");
  const Tape recorded = tape();
  replay(recorded, ReplayMode::strict);
  EXPECT_EQ(throw_dice("a"), first);
  EXPECT_EQ(throw_dice("a"), second);
  EXPECT_FALSE(checks.failed());
}

TEST_F(LaneChoicesTest, names_where_a_strict_replay_leaves_the_tape) {
  throw_dice("a");
  throw_dice("a");
  const Tape recorded = tape();
  replay(recorded, ReplayMode::strict);
  throw_dice("a");
  EXPECT_EQ(throw_coin("a"), 0u);
  EXPECT_NE(checks.message.find("lane 'a' at position 1"), std::string::npos) << checks.message;
  EXPECT_NE(checks.message.find("'test.coin' (n=1000)"), std::string::npos) << checks.message;
}

TEST_F(LaneChoicesTest, names_the_n_that_differs) {
  throw_dice("a");
  const Tape recorded = tape();
  replay(recorded, ReplayMode::strict);
  throw_dice("a", 7);
  EXPECT_NE(checks.message.find("the tape has n=1000"), std::string::npos) << checks.message;
}

TEST_F(LaneChoicesTest, names_a_lane_that_has_ended) {
  const Tape recorded;
  replay(recorded, ReplayMode::strict);
  throw_dice("a");
  EXPECT_NE(checks.message.find("has ended"), std::string::npos) << checks.message;
}

TEST_F(LaneChoicesTest, answers_0_where_best_effort_has_nothing_to_follow) {
  const Tape recorded;
  replay(recorded, ReplayMode::best_effort);
  EXPECT_EQ(throw_dice("a"), 0u);
  EXPECT_FALSE(checks.failed());
}

TEST_F(LaneChoicesTest, finds_the_tape_again_after_a_dropped_choice) {
  throw_coin("a");
  const std::uint64_t dice = throw_dice("a");
  const Tape recorded = tape();
  replay(recorded, ReplayMode::best_effort);
  EXPECT_EQ(throw_dice("a"), dice);
}

TEST_F(LaneChoicesTest, finds_the_tape_again_after_an_added_choice) {
  const std::uint64_t dice = throw_dice("a");
  const Tape recorded = tape();
  replay(recorded, ReplayMode::best_effort);
  EXPECT_EQ(throw_coin("a"), 0u);
  EXPECT_EQ(throw_dice("a"), dice);
}

TEST_F(LaneChoicesTest, takes_chances_in_their_ratio) {
  const LaneId lane = choices.lane("a");
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    hits += choices.chance(lane, {3, 100}, THRESHER_SITE("test.chance")) ? 1 : 0;
  }
  EXPECT_GT(hits, 200);
  EXPECT_LT(hits, 400);
}

TEST_F(LaneChoicesTest, records_nothing_while_silent) {
  choices.set_silent(true);
  EXPECT_EQ(throw_dice("a"), 0u);
  EXPECT_TRUE(tape().lanes.empty());
}

}  // namespace
}  // namespace thresher::sim
