// Holds docs/fault-model.md to the code: its table of kinds, and its example plan.
//
// Skipped where the page is not found above the current folder (an installed test program).
#include "thresher/faults/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace thresher::faults {
namespace {

using testing::HasSubstr;

struct FaultModelPage : testing::Test {
  void SetUp() override {
    for (auto at = std::filesystem::current_path(); at != at.root_path(); at = at.parent_path()) {
      std::ifstream file{at / "docs" / "fault-model.md"};
      if (!file) continue;
      std::stringstream text;
      text << file.rdbuf();
      page = text.str();
      return;
    }
    GTEST_SKIP() << "docs/fault-model.md is not above the current folder";
  }
  std::string page;
};

TEST_F(FaultModelPage, has_a_row_for_every_kind_with_its_place_and_silence) {
  for (const KindRow& row : kind_table()) {
    const std::string start =
        "| `" + std::string{row.name} + "` | " + std::string{name(row.made_at)} + " |";
    const auto at = page.find(start);
    ASSERT_NE(at, std::string::npos) << start;
    const std::string line = page.substr(at, page.find('\n', at) - at);
    EXPECT_EQ(line.find("| silent |") != std::string::npos, row.silent) << line;
  }
}

TEST_F(FaultModelPage, shows_a_plan_that_is_one) {
  const std::string fence = "```json\n";
  const auto from = page.find(fence) + fence.size();
  const auto plan = Plan::parse(page.substr(from, page.find("```", from) - from));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->rules.size(), 3u);
}

}  // namespace
}  // namespace thresher::faults
