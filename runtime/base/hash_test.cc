// Hashes that are part of formats: their values are fixed for ever.
#include "thresher/runtime/base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace thresher::runtime {
namespace {

TEST(Hash, names_hash_to_the_published_values_of_fnv_1a) {
  EXPECT_EQ(hash_name(""), 0xcbf29ce484222325u);
  EXPECT_EQ(hash_name("a"), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(hash_name("foobar"), 0x85944171f73967e8u);
}

TEST(Hash, names_hash_alike_at_compile_time_and_at_run_time) {
  constexpr std::uint64_t compiled = hash_name("pool.acquire");
  volatile char first = 'p';
  const std::string text = std::string(1, first) + "ool.acquire";
  EXPECT_EQ(hash_name(text), compiled);
}

TEST(Hash, bytes_above_127_do_not_depend_on_the_sign_of_char) {
  EXPECT_EQ(hash_name("\xff"), (0xcbf29ce484222325u ^ 0xffu) * 0x100000001b3u);
}

TEST(Hash, mix_gives_the_values_of_splitmix64) {
  // The first two outputs of SplitMix64 seeded with 0 mix one and two increments.
  EXPECT_EQ(mix(0x9e3779b97f4a7c15u), 0xe220a8397b1dcdafu);
  EXPECT_EQ(mix(2 * 0x9e3779b97f4a7c15u), 0x6e789e6aa1b965f4u);
}

TEST(Hash, mix_keeps_small_numbers_apart) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t x = 0; x < 10'000; ++x) seen.insert(mix(x));
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(Hash, combine_depends_on_the_order) { EXPECT_NE(combine(1, 2), combine(2, 1)); }

TEST(Scale, covers_the_range_from_the_first_to_the_last) {
  EXPECT_EQ(scale(0, 10), 0u);
  EXPECT_EQ(scale(~std::uint64_t{0}, 10), 9u);
}

TEST(Scale, halves_the_range_at_the_middle) {
  EXPECT_EQ(scale((std::uint64_t{1} << 63) - 1, 2), 0u);
  EXPECT_EQ(scale(std::uint64_t{1} << 63, 2), 1u);
}

TEST(Scale, gives_every_value_its_share) {
  std::uint64_t counts[7] = {};
  for (std::uint64_t x = 0; x < 70'000; ++x) ++counts[scale(mix(x + 1), 7)];
  for (const std::uint64_t count : counts) EXPECT_NEAR(static_cast<double>(count), 10'000, 400);
}

TEST(Site, carries_its_text_and_the_hash_of_it) {
  const Site site = THRESHER_SITE("pool/acquire");
  EXPECT_STREQ(site.text, "pool/acquire");
  EXPECT_EQ(site.hash, hash_name("pool/acquire"));
}

}  // namespace
}  // namespace thresher::runtime
