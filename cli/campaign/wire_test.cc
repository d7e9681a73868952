// What goes over the pipe and into the journal comes back as it was.
#include "thresher/cli/campaign/wire.h"

#include "thresher/cli/campaign/channel.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <sys/socket.h>

namespace thresher::cli {
namespace {

Task some_task() {
  Task task;
  task.settings = {.scenario = "a/b", .profile = "p", .knobs = {{"k", "v"}}, .plan = "{}",
                   .plan_path = "plan.json", .only = "x.y"};
  task.runs = {{.seed = UINT64_MAX,
                .strategy = {.kind = sim::StrategySpec::Kind::pct, .depth = 3, .length = 400}}};
  task.detail = Detail{.tape_out = "t", .trace_out = "", .tape_in = "",
                       .replay_mode = sim::ReplayMode::best_effort, .break_at_step = 9};
  return task;
}

TEST(Wire, carries_a_task_unchanged) {
  const Json sent = to_json(some_task());
  const auto received = task_from(Json::parse(sent.dump()));
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(to_json(*received), sent);
  EXPECT_EQ(received->runs[0].seed, UINT64_MAX);
  EXPECT_EQ(received->runs[0].strategy.text(), "pct:d=3,k=400");
}

TEST(Wire, carries_an_answer_unchanged) {
  Answer answer;
  sim::RunResult result;
  result.verdict = sim::Verdict::liveness;
  result.label = "deadlock";
  result.trace_hash = UINT64_MAX;
  result.reached = {{"a", 3}, {"b", 0}};
  result.faults = {{runtime::TimePoint{runtime::Duration{5}}, "loss"}};
  result.drawn = {{"pool.size", "2"}};
  answer.totals.add({}, result);
  answer.outcomes = {outcome_of({}, result)};
  answer.detail = result;
  const auto received = answer_from(Json::parse(to_json(answer).dump()));
  ASSERT_TRUE(received.has_value());
  EXPECT_EQ(to_json(*received), to_json(answer));
}

TEST(Wire, refuses_what_is_no_message) {
  EXPECT_FALSE(task_from(Json::parse("{}")));
  EXPECT_FALSE(answer_from(Json::parse("[1,2]")));
  EXPECT_FALSE(outcome_from(Json::parse("[]")));
}

TEST(Totals, add_up_in_any_order) {
  sim::RunResult quick;
  quick.steps = 3;
  sim::RunResult slow;
  slow.steps = 8;
  slow.verdict = sim::Verdict::safety;
  Totals one;
  one.add({}, quick);
  Totals other;
  other.add({}, slow);
  Totals ab = one;
  ab.add(other);
  Totals ba = other;
  ba.add(one);
  EXPECT_EQ(to_json(ab), to_json(ba));
  EXPECT_EQ(ab.steps_min, 3u);
  EXPECT_EQ(ab.steps_max, 8u);
  EXPECT_EQ(ab.failed, 1u);
}

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
    near = std::make_unique<Channel>(Descriptor{pair[0]});
    far = std::make_unique<Channel>(Descriptor{pair[1]});
  }
  std::unique_ptr<Channel> near;
  std::unique_ptr<Channel> far;
};

TEST_F(ChannelTest, keeps_messages_apart) {
  near->send("one");
  near->send("");
  near->send("three");
  EXPECT_EQ(far->receive(), "one");
  EXPECT_EQ(far->receive(), "");
  EXPECT_EQ(far->receive(), "three");
}

TEST_F(ChannelTest, gives_what_came_before_the_other_end_went) {
  near->send("last words");
  near.reset();
  EXPECT_FALSE(far->fill());
  EXPECT_EQ(far->take(), "last words");
  EXPECT_EQ(far->take(), std::nullopt);
}

TEST_F(ChannelTest, tells_a_sender_that_nobody_is_there) {
  far.reset();
  EXPECT_FALSE(near->send("hello"));
}

}  // namespace
}  // namespace thresher::cli
