// One run in words, and the command that makes it happen again.
#include "thresher/cli/run_report.h"

#include "thresher/cli/command_line.h"
#include "thresher/cli/key_arguments.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace thresher::cli {
namespace {

class RunReportTest : public ::testing::Test {
 protected:
  RunReportTest() {
    report.settings = {.scenario = "guide/pooled", .profile = "h200", .knobs = {{"a", "1 2"}},
                       .plan = "{}", .plan_path = "my plan.json", .only = "pool.slot_lost"};
    report.spec = {.seed = 42,
                   .strategy = {.kind = sim::StrategySpec::Kind::pct, .depth = 3, .length = 400}};
    report.result.verdict = sim::Verdict::safety;
    report.result.label = "pool.slot_lost";
    report.result.message = "one slot is gone\ngrain 1 had it";
  }
  bool told(std::string_view part) const { return text_of(report).find(part) != std::string::npos; }
  RunReport report;
};

TEST_F(RunReportTest, names_everything_that_decides_the_run) {
  EXPECT_EQ(reproducing_command(report.settings, report.spec, ""),
            "./thresher replay 0x000000000000002a guide/pooled --strategy pct:d=3,k=400 "
            "--profile h200 --knob 'a=1 2' --faults 'my plan.json' --only pool.slot_lost");
}

TEST_F(RunReportTest, names_the_tape_and_what_the_tape_does_not_hold) {
  EXPECT_EQ(reproducing_command(report.settings, report.spec, "out/tape"),
            "./thresher replay out/tape --only pool.slot_lost");
}

TEST_F(RunReportTest, prints_a_command_that_it_understands_itself) {
  const char* argv[] = {"thresher", "replay", "0x2a", "guide/pooled", "--strategy",
                        "pct:d=3,k=400", "--profile", "h200", "--knob", "a=1 2", "--only", "x.y"};
  const auto line = read_command_line(12, argv);
  ASSERT_TRUE(line.has_value());
  const auto& run = std::get<ReplayArguments>(*line).run;
  EXPECT_EQ(run.key.knobs, std::vector<std::string>{"a=1 2"});
  EXPECT_EQ(*parse_strategy(run.key.strategy), report.spec.strategy);
}

TEST_F(RunReportTest, puts_the_invariant_first_and_the_rest_of_its_words_below) {
  EXPECT_EQ(text_of(report).find("FAIL  pool.slot_lost: one slot is gone\n      grain 1 had it\n"),
            0u);
}

TEST_F(RunReportTest, shows_few_draws_in_a_line_and_many_in_a_column) {
  report.result.drawn = {{"devices", "2"}, {"pool_size", "3"}};
  EXPECT_TRUE(told("drawn     devices=2 pool_size=3\n"));
  report.result.drawn["fault"] = std::string(80, 'x');
  EXPECT_TRUE(told("\n            pool_size=3\n"));
}

TEST_F(RunReportTest, shows_the_first_faults_and_counts_the_others) {
  for (int i = 0; i < 50; ++i) report.result.faults.push_back({{}, "a fault"});
  EXPECT_TRUE(told("and 10 more: --format json shows all"));
  EXPECT_EQ(json_of(report).at("faults").size(), 50u);
}

TEST_F(RunReportTest, says_where_the_seed_came_from) {
  report.seed_origin = "commit 1c0ffee";
  EXPECT_TRUE(told("0x000000000000002a (commit 1c0ffee)"));
}

}  // namespace
}  // namespace thresher::cli
