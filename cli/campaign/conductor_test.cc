// The conductor, driven by hand: what it asks for, what it makes of answers and deaths. The tests
// play the crew; nothing is run.
#include "thresher/cli/campaign/conductor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

namespace thresher::cli {
namespace {

using namespace std::chrono_literals;

class ConductorTest : public ::testing::Test {
 protected:
  static LegPlan explore(std::string scenario, std::uint64_t seeds) {
    LegPlan leg;
    leg.settings.scenario = std::move(scenario);
    leg.seeds = seeds;
    return leg;
  }
  static LegPlan hunt(std::uint64_t seeds, std::vector<std::string> wanted) {
    LegPlan leg = explore("n/neg", seeds);
    leg.purpose = Purpose::hunt;
    leg.wanted = std::move(wanted);
    return leg;
  }
  void conduct(std::vector<LegPlan> legs) {
    CampaignPlan plan;
    plan.legs = std::move(legs);
    plan.hunt_seeds = 50;
    conductor_ = std::make_unique<Conductor>(
        std::move(plan), [this](const Fact& fact) { facts_.push_back(fact); });
  }
  /// What a scenario does that fails with `fails_(spec)` as its label, or survives on "".
  sim::RunResult run(const RunSpec& spec, const RunSettings& settings) const {
    sim::RunResult result;
    result.steps = 100 + spec.seed % 7;
    result.trace_hash = spec.seed;
    result.label = fails_ ? fails_(spec, settings) : "";
    if (!result.label.empty()) result.verdict = sim::Verdict::safety;
    return result;
  }
  Done answer(const Assignment& assignment) const {
    Done done;
    done.ticket = assignment.ticket;
    done.answer = Answer{};
    for (const RunSpec& spec : assignment.task.runs) {
      const sim::RunResult result = run(spec, assignment.task.settings);
      done.answer->totals.add(spec.strategy, result);
      const Outcome outcome = outcome_of(spec, result);
      if (outcome.failed() || chosen_for_twin(spec.seed) || assignment.task.all_outcomes) {
        done.answer->outcomes.push_back(outcome);
      }
    }
    return done;
  }
  static Done death(const Assignment& assignment, std::size_t position, int signal) {
    Done done;
    done.ticket = assignment.ticket;
    done.position = position;
    done.death = Death{};
    done.death->wait_status = signal;
    return done;
  }
  void answer_all() {
    while (const auto assignment = conductor_->next()) {
      asked_.push_back(*assignment);
      ASSERT_TRUE(conductor_->done(answer(*assignment), 10ms));
    }
  }
  std::uint64_t runs_asked(WorkerKind kind) const {
    std::uint64_t sum = 0;
    for (const Assignment& each : asked_) {
      if (each.kind == kind) sum += each.task.runs.size();
    }
    return sum;
  }

  std::unique_ptr<Conductor> conductor_;
  std::function<std::string(const RunSpec&, const RunSettings&)> fails_;
  std::vector<Fact> facts_;
  std::vector<Assignment> asked_;
};

TEST_F(ConductorTest, measures_before_it_explores) {
  conduct({explore("a/b", 10)});
  const auto measuring = conductor_->next();
  ASSERT_TRUE(measuring.has_value());
  EXPECT_FALSE(conductor_->next().has_value());
  ASSERT_TRUE(conductor_->done(answer(*measuring), 10ms));
  const auto exploring = conductor_->next();
  ASSERT_TRUE(exploring.has_value());
  EXPECT_EQ(exploring->task.runs.front().seed, 1u);
  EXPECT_EQ(exploring->task.runs.front().strategy.text().substr(0, 9), "pct:d=1,k");
}

TEST_F(ConductorTest, explores_every_seed_and_twins_its_share) {
  conduct({explore("a/b", 1000)});
  answer_all();
  EXPECT_TRUE(conductor_->finished());
  EXPECT_EQ(conductor_->legs()[0].done(), 1000u);
  EXPECT_EQ(conductor_->twins_compared(), runs_asked(WorkerKind::twin));
  EXPECT_GT(conductor_->twins_compared(), 20u);
}

TEST_F(ConductorTest, takes_turns_between_scenarios) {
  conduct({explore("a/a", 100), explore("b/b", 100)});
  answer_all();
  std::vector<std::string> order;
  for (const Assignment& each : asked_) order.push_back(each.task.settings.scenario);
  EXPECT_EQ((std::vector<std::string>{order.begin(), order.begin() + 4}),
            (std::vector<std::string>{"a/a", "b/b", "a/a", "b/b"}));
}

TEST_F(ConductorTest, gives_larger_tasks_while_they_are_quick_and_smaller_when_slow) {
  conduct({explore("a/b", 1500)});
  ASSERT_TRUE(conductor_->done(answer(*conductor_->next()), 1ms));
  const auto first = conductor_->next();
  ASSERT_TRUE(conductor_->done(answer(*first), 1ms));
  const auto second = conductor_->next();
  EXPECT_EQ(second->task.runs.size(), 2 * first->task.runs.size());
  ASSERT_TRUE(conductor_->done(answer(*second), 2s));
  EXPECT_EQ(conductor_->next()->task.runs.size(), first->task.runs.size());
}

TEST_F(ConductorTest, makes_a_death_the_verdict_of_its_one_seed) {
  conduct({explore("a/b", 10)});
  ASSERT_TRUE(conductor_->done(answer(*conductor_->next()), 1ms));
  ASSERT_TRUE(conductor_->done(death(*conductor_->next(), 4, SIGSEGV), 1ms));
  answer_all();
  const Leg& leg = conductor_->legs()[0];
  EXPECT_EQ(leg.done(), 10u);
  EXPECT_EQ(leg.groups().at("crash.SIGSEGV").count, 1u);
  EXPECT_EQ(leg.groups().at("crash.SIGSEGV").fastest.spec.seed, 5u);
}

TEST_F(ConductorTest, runs_again_what_was_killed_from_outside_but_not_for_ever) {
  conduct({explore("a/b", 10)});
  ASSERT_TRUE(conductor_->done(answer(*conductor_->next()), 1ms));
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(conductor_->done(death(*conductor_->next(), 0, SIGKILL), 1ms));
    EXPECT_EQ(conductor_->legs()[0].done(), 0u);
  }
  ASSERT_TRUE(conductor_->done(death(*conductor_->next(), 0, SIGKILL), 1ms));
  EXPECT_EQ(conductor_->killed().size(), 3u);
  EXPECT_EQ(conductor_->legs()[0].done(), 1u);
}

TEST_F(ConductorTest, notes_a_twin_that_went_otherwise) {
  conduct({explore("a/b", 100)});
  while (const auto assignment = conductor_->next()) {
    Done done = answer(*assignment);
    if (assignment->kind == WorkerKind::twin) done.answer->outcomes[0].trace_hash ^= 1;
    ASSERT_TRUE(conductor_->done(done, 1ms));
  }
  EXPECT_EQ(conductor_->differing().size(), 1u);
}

TEST_F(ConductorTest, counts_a_twin_that_died_as_a_difference) {
  conduct({explore("a/b", 100)});
  bool died = false;
  while (const auto assignment = conductor_->next()) {
    const bool dies = assignment->kind == WorkerKind::twin && !died;
    died = died || dies;
    ASSERT_TRUE(conductor_->done(dies ? death(*assignment, 0, SIGSEGV) : answer(*assignment),
                                 1ms));
  }
  EXPECT_EQ(conductor_->differing().size(), 1u);
  EXPECT_TRUE(conductor_->finished());
}

TEST_F(ConductorTest, ends_a_hunt_that_found_everything) {
  fails_ = [](const RunSpec& spec, const RunSettings&) { return spec.seed == 3 ? "x" : ""; };
  conduct({hunt(200, {"x"})});
  answer_all();
  EXPECT_EQ(conductor_->legs().size(), 1u);
  EXPECT_EQ(conductor_->legs()[0].done(), Leg::hunt_chunk);
}

TEST_F(ConductorTest, hunts_alone_for_what_the_joint_hunt_did_not_see) {
  fails_ = [](const RunSpec& spec, const RunSettings& settings) -> std::string {
    if (settings.only == "rare") return spec.seed == 30 ? "rare" : "";
    return "frequent";
  };
  conduct({hunt(50, {"frequent", "rare"})});
  answer_all();
  ASSERT_EQ(conductor_->legs().size(), 2u);
  EXPECT_EQ(conductor_->legs()[1].plan().settings.only, "rare");
  EXPECT_EQ(conductor_->legs()[1].seeds_until("rare"), 30u);
}

TEST_F(ConductorTest, twins_of_a_hunt_only_what_it_shows_and_the_usual_share) {
  fails_ = [](const RunSpec&, const RunSettings&) { return "x"; };
  conduct({hunt(200, {"x"})});
  answer_all();
  EXPECT_GE(conductor_->twins_compared(), 1u);
  EXPECT_LT(conductor_->twins_compared(), 10u);
}

TEST_F(ConductorTest, explores_no_more_once_stopped_but_compares_what_is_left) {
  conduct({explore("a/b", 100'000)});
  for (int i = 0; i < 20; ++i) {
    const auto assignment = conductor_->next();
    ASSERT_TRUE(conductor_->done(answer(*assignment), 1ms));
  }
  conductor_->stop_exploring();
  asked_.clear();
  answer_all();
  EXPECT_EQ(runs_asked(WorkerKind::explorer), 0u);
  EXPECT_TRUE(conductor_->finished());
  EXPECT_TRUE(conductor_->legs()[0].cut_short());
}

TEST_F(ConductorTest, stands_where_it_stood_when_it_learns_its_facts_again) {
  fails_ = [](const RunSpec& spec, const RunSettings&) { return spec.seed % 9 == 0 ? "x" : ""; };
  const std::vector<LegPlan> legs{explore("a/b", 500), hunt(100, {"x", "never"})};
  conduct(legs);
  answer_all();
  const std::uint64_t twins = conductor_->twins_compared();
  const std::vector<Fact> facts = facts_;
  conduct(legs);
  for (const Fact& fact : facts) EXPECT_TRUE(conductor_->learn(fact));
  EXPECT_TRUE(conductor_->finished());
  EXPECT_EQ(conductor_->twins_compared(), twins);
  EXPECT_EQ(conductor_->legs().size(), 3u);
}

TEST_F(ConductorTest, refuses_a_fact_of_another_campaign) {
  conduct({explore("a/b", 10)});
  EXPECT_FALSE(conductor_->learn(Measured{"explore c/d", 0, 5}));
}

TEST_F(ConductorTest, passes_on_why_a_task_was_refused) {
  conduct({explore("a/b", 10)});
  Done done;
  done.ticket = conductor_->next()->ticket;
  done.answer = Answer{};
  done.answer->problem = "a/b: no such knob";
  done.answer->problem_code = exit_usage;
  EXPECT_EQ(conductor_->done(done, 1ms).error().text, "a/b: no such knob");
}

}  // namespace
}  // namespace thresher::cli
