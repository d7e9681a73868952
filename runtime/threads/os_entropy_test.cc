// OsEntropy: every process and every draw differs, and all bits move.
// What the generator itself is good for is PCG's to prove.
#include "thresher/runtime/threads/os_entropy.h"

#include <gtest/gtest.h>

#include <set>

namespace thresher::runtime {
namespace {

TEST(OsEntropy, draws_differ_within_one_and_between_two) {
  OsEntropy first;
  OsEntropy second;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    seen.insert(first.next("a"));
    seen.insert(second.next("a"));
  }
  EXPECT_EQ(seen.size(), 2000u);
}

TEST(OsEntropy, every_bit_is_one_about_half_the_time) {
  OsEntropy entropy;
  int ones[64] = {};
  for (int i = 0; i < 4000; ++i) {
    const std::uint64_t bits = entropy.next("a");
    for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(bits >> bit & 1);
  }
  for (const int count : ones) EXPECT_NEAR(count, 2000, 250);  // Eight standard deviations.
}

TEST(OsEntropy, below_stays_below_and_reaches_all) {
  OsEntropy entropy;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(entropy.below("a", 5));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace thresher::runtime
