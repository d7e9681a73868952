// Words and numbers of the reports, and numbers as people type them.
#include "thresher/cli/text.h"

#include "thresher/cli/numbers.h"

#include <gtest/gtest.h>

#include <array>

namespace thresher::cli {
namespace {

using namespace std::chrono_literals;

TEST(Text, writes_a_hash_with_all_sixteen_digits) {
  EXPECT_EQ(hex64(0x2a), "0x000000000000002a");
  EXPECT_EQ(hex64(UINT64_MAX), "0xffffffffffffffff");
}

TEST(Text, groups_digits_by_three) {
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1,000");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

TEST(Text, writes_time_in_its_largest_unit_without_losing_a_nanosecond) {
  EXPECT_EQ(span_text(0ns), "0 s");
  EXPECT_EQ(span_text(12'084ms), "12.084 s");
  EXPECT_EQ(span_text(1'500us), "1.5 ms");
  EXPECT_EQ(span_text(1'000'000'001ns), "1.000000001 s");
  EXPECT_EQ(span_text(7ns), "7 ns");
}

TEST(Text, quotes_what_a_shell_would_take_apart) {
  EXPECT_EQ(shell_word("guide/pooled"), "guide/pooled");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

TEST(Text, finds_the_name_that_was_meant) {
  constexpr std::array<std::string_view, 3> known{"guide/pooled", "guide/isolated", "canary/x"};
  EXPECT_EQ(nearest("guide/poled", known), "guide/pooled");
  EXPECT_EQ(nearest("isolated", known), "guide/isolated");
  EXPECT_EQ(nearest("nothing-like-it", known), "");
}

TEST(Text, rounds_percentages_down) {
  EXPECT_EQ(percent(1, 3), "33.3%");
  EXPECT_EQ(percent(0, 0), "-");
}

TEST(Numbers, read_seeds_in_all_their_forms) {
  EXPECT_EQ(parse_seed("--seed", "42")->value, 42u);
  EXPECT_EQ(parse_seed("--seed", "0x2a")->value, 42u);
  EXPECT_EQ(parse_seed("--seed", "18446744073709551615")->value, UINT64_MAX);
}

TEST(Numbers, take_a_commit_for_a_seed_and_say_so) {
  const auto seed = parse_seed("--seed", "1C0ffee");
  EXPECT_EQ(seed->origin, "commit 1c0ffee");
  EXPECT_EQ(seed->value, parse_seed("--seed", "1c0ffee")->value);
  const std::string digits(40, '7');
  EXPECT_EQ(parse_seed("--seed", digits)->origin, "commit " + digits);
}

TEST(Numbers, refuse_what_is_no_seed) {
  for (const char* text : {"", "x", "-1", "1.5", "0x", "18446744073709551616", "abc", "12 "}) {
    EXPECT_FALSE(parse_seed("--seed", text)) << text;
  }
}

TEST(Numbers, name_place_value_and_remedy) {
  const auto count = parse_count("--seeds", "0", 1, 10);
  EXPECT_EQ(count.error().text, "--seeds 0: give a whole number from 1 to 10");
  EXPECT_EQ(count.error().exit_code, exit_usage);
}

TEST(Numbers, read_spans_and_sizes_with_their_units) {
  EXPECT_EQ(*parse_span("--t", "60s"), 60s);
  EXPECT_EQ(*parse_span("--t", "500ms"), 500ms);
  EXPECT_EQ(*parse_span("--t", "2"), 2s);
  EXPECT_FALSE(parse_span("--t", "0s"));
  EXPECT_FALSE(parse_span("--t", "9999999999999999h"));
  EXPECT_EQ(*parse_size("--m", "2G"), std::uint64_t{2} << 30);
  EXPECT_FALSE(parse_size("--m", "lots"));
}

TEST(Numbers, split_a_knob_at_its_first_equals_sign) {
  EXPECT_EQ(parse_knob("a=b=c")->second, "b=c");
  EXPECT_FALSE(parse_knob("=b"));
  EXPECT_FALSE(parse_knob("a"));
}

}  // namespace
}  // namespace thresher::cli
