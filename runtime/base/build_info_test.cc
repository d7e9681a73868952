// What a program says of its own origin.
#include "thresher/runtime/base/build_info.h"

#include <gtest/gtest.h>

#include <string_view>

namespace thresher::runtime {
namespace {

TEST(BuildInfo, names_a_whole_commit_or_says_that_it_is_unknown) {
  const std::string_view commit = build_commit();
  const bool whole = commit.size() == 40 &&
                     commit.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  EXPECT_TRUE(whole || commit == "unknown") << commit;
}

TEST(BuildInfo, calls_no_unknown_commit_dirty) {
  EXPECT_FALSE(build_commit() == "unknown" && build_dirty());
}

TEST(BuildInfo, knows_its_build_type) { EXPECT_FALSE(build_type().empty()); }

}  // namespace
}  // namespace thresher::runtime
