// The first difference of two traces is found and told with what led to it.
#include "thresher/cli/campaign/difference.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace thresher::cli {
namespace {

class DifferenceTest : public ::testing::Test {
 protected:
  DifferenceTest() { std::filesystem::create_directories(folder_); }
  ~DifferenceTest() override { std::filesystem::remove_all(folder_); }

  Difference compared(const std::string& first, const std::string& second) {
    std::ofstream{folder_ / "1"} << first;
    std::ofstream{folder_ / "2"} << second;
    return first_difference((folder_ / "1").string(), (folder_ / "2").string());
  }

  std::filesystem::path folder_ = std::filesystem::temp_directory_path() /
                                  ("thresher-difference-" + std::to_string(::getpid()));
};

TEST_F(DifferenceTest, finds_the_first_line_that_differs) {
  const Difference difference = compared("a\nb\nc\n", "a\nB\nC\n");
  EXPECT_EQ(difference.line, 2u);
  EXPECT_EQ(difference.before, std::vector<std::string>{"a"});
  EXPECT_EQ(difference.first, "b");
  EXPECT_EQ(difference.second, "B");
}

TEST_F(DifferenceTest, counts_an_early_end_as_a_difference) {
  const Difference difference = compared("a\n", "a\nb\n");
  EXPECT_EQ(difference.line, 2u);
  EXPECT_NE(text_of(difference).find("first   (the trace has ended)"), std::string::npos);
}

TEST_F(DifferenceTest, finds_none_in_equal_traces) {
  EXPECT_EQ(compared("a\nb\n", "a\nb\n").line, 0u);
}

TEST_F(DifferenceTest, keeps_the_last_lines_before_it_only) {
  const Difference difference = compared("1\n2\n3\n4\n5\n6\n7\nx\n", "1\n2\n3\n4\n5\n6\n7\ny\n");
  EXPECT_EQ(difference.before, (std::vector<std::string>{"3", "4", "5", "6", "7"}));
}

}  // namespace
}  // namespace thresher::cli
