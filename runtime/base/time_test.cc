// Deadlines saturate, so that "for ever" stays for ever.
#include "thresher/runtime/base/time.h"

#include <gtest/gtest.h>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1s};

TEST(DeadlineAfter, adds_the_span) { EXPECT_EQ(deadline_after(start, 2s), TimePoint{3s}); }

TEST(DeadlineAfter, stays_without_deadline_for_ever) {
  EXPECT_EQ(deadline_after(start, forever), no_deadline);
}

TEST(DeadlineAfter, saturates_instead_of_overflowing) {
  EXPECT_EQ(deadline_after(start, forever - 1ns), no_deadline);
  EXPECT_EQ(deadline_after(start, no_deadline - start), no_deadline);
  EXPECT_EQ(deadline_after(start, no_deadline - start - 1ns), no_deadline - 1ns);
}

}  // namespace
}  // namespace thresher::runtime
