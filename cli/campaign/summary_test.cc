// Of what was found one verdict is made, by its gravity; and progress is told in one line.
#include "thresher/cli/campaign/summary.h"

#include "thresher/cli/campaign/progress.h"
#include "thresher/cli/campaign/stack_text.h"
#include "thresher/cli/campaign/table.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace thresher::cli {
namespace {

using namespace std::chrono_literals;

class SummaryTest : public ::testing::Test {
 protected:
  void fail_with(sim::Verdict verdict) {
    FailureRow row;
    row.group.verdict = row.report.result.verdict = verdict;
    row.report.result.label = "some.label";
    row.report.settings.scenario = "a/b";
    summary.failures.push_back(row);
  }
  sim::Verdict verdict() {
    judge(summary);
    return summary.verdict;
  }
  Summary summary;
};

TEST_F(SummaryTest, survives_when_nothing_was_found) {
  EXPECT_EQ(verdict(), sim::Verdict::survived);
}

TEST_F(SummaryTest, counts_the_gravest_first) {
  summary.hunts.push_back({});
  EXPECT_EQ(verdict(), sim::Verdict::not_reached);
  fail_with(sim::Verdict::liveness);
  EXPECT_EQ(verdict(), sim::Verdict::liveness);
  fail_with(sim::Verdict::safety);
  EXPECT_EQ(verdict(), sim::Verdict::safety);
  fail_with(sim::Verdict::crash);
  EXPECT_EQ(verdict(), sim::Verdict::crash);
  summary.differing.push_back({});
  EXPECT_EQ(verdict(), sim::Verdict::nondeterminism);
  summary.killed.push_back({});
  EXPECT_EQ(verdict(), sim::Verdict::harness);
}

TEST_F(SummaryTest, demands_what_was_missed_and_not_what_is_not_judged) {
  SometimesRow row;
  row.status = Judged::not_judged;
  summary.sometimes = {row};
  EXPECT_EQ(verdict(), sim::Verdict::survived);
  row.status = Judged::missed;
  summary.sometimes = {row};
  EXPECT_EQ(verdict(), sim::Verdict::not_reached);
}

TEST_F(SummaryTest, ends_with_the_command_that_reproduces) {
  fail_with(sim::Verdict::safety);
  judge(summary);
  const std::string text = text_of(summary, {});
  const std::string last = text.substr(text.rfind('\n', text.size() - 2) + 1);
  EXPECT_EQ(last.find("reproduce: ./thresher replay 0x0000000000000000 a/b "), 0u) << last;
}

TEST_F(SummaryTest, keeps_what_the_clock_says_apart) {
  const auto json = json_of(summary, {.elapsed = 5s, .jobs = 3, .stopped_by = "time budget"});
  EXPECT_EQ(json.at("wall").at("elapsed_ms"), 5000);
  auto one = json_of(summary, {});
  auto other = json;
  one.erase("wall");
  other.erase("wall");
  EXPECT_EQ(one, other);
}

TEST(Progress, tells_share_rates_and_failures) {
  EXPECT_EQ(progress_line({.done = 50, .planned = 100, .runs = 50, .failures = 1,
                           .simulated = 20s, .elapsed = 2s, .budget = 0s}),
            "[############            ] 50%  25 runs/s  10 simulated s/s  1 failure  2 s");
}

TEST(Progress, goes_by_the_budget_where_that_ends_first) {
  const std::string line = progress_line({.done = 1, .planned = 100, .runs = 1, .failures = 0,
                                          .simulated = 0s, .elapsed = 9s, .budget = 10s});
  EXPECT_NE(line.find("] 90%  "), std::string::npos) << line;
}

TEST(Table, makes_columns_as_wide_as_their_cells) {
  Table table{{"name", "n"}};
  table.add({"a", "1,000"});
  EXPECT_EQ(table.text(), "  name      n\n  a     1,000\n");
}

TEST(StackText, leaves_what_is_no_stack_alone) {
  EXPECT_EQ(with_names("fatal signal\nsecond line\n"), "fatal signal\nsecond line\n");
}

TEST(StackText, takes_addresses_away_that_it_cannot_name) {
  EXPECT_EQ(with_names("/no/such/file(+0x12)[0x7f00]\n"), "/no/such/file(+0x12)\n");
  EXPECT_EQ(with_names("/lib/libc.so.6(abort+0xd3)[0x7f00]\n"), "/lib/libc.so.6(abort+0xd3)\n");
}

}  // namespace
}  // namespace thresher::cli
