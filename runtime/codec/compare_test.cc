// Comparing, printing and copying by the list of fields.
#include "thresher/runtime/codec/compare.h"

#include "thresher/runtime/codec/copy.h"
#include "thresher/runtime/codec/test_types.h"

#include <gtest/gtest.h>

#include <limits>

namespace thresher::runtime {
namespace {

using codec_test::Everything;
using codec_test::Item;
using codec_test::OrderId;

template <typename T>
std::string where(const T& a, const T& b) {
  const auto difference = first_difference(a, b);
  return difference ? difference->describe() : "same";
}

TEST(Compare, names_the_first_field_that_differs) {
  Everything a;
  a.items = {Item{"x", 1}, Item{"y", 2}};
  Everything b = a;
  EXPECT_EQ(where(a, b), "same");
  b.items[1].name = "z";
  b.bits = {true};
  EXPECT_EQ(where(a, b), "items[1].name: \"y\" and \"z\"");
}

TEST(Compare, names_sizes_keys_parts_and_alternatives) {
  Everything a;
  a.table["k"] = {1, 2};
  Everything b = a;
  b.table["k"] = {1};
  EXPECT_EQ(where(a, b), "table[\"k\"].size: 2 and 1");
  b = a;
  std::get<1>(b.parts).second = "s";
  EXPECT_EQ(where(a, b), "parts[1][1]: \"\" and \"s\"");
  b = a;
  b.either = 3;
  EXPECT_EQ(where(a, b), "either: () and 3");
  b = a;
  b.outcome = fail(Errc::timeout);
  EXPECT_NE(where(a, b).find("outcome: \"\" and timeout{"), std::string::npos) << where(a, b);
}

TEST(Compare, takes_all_nans_as_one_value_and_zeros_by_their_sign) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(same_value(nan, -nan));
  EXPECT_FALSE(same_value(0.0, -0.0));
  EXPECT_FALSE(same_value(nan, 1.0));
}

TEST(Compare, looks_into_the_held_alternative_when_two_have_one_type) {
  using Either = std::variant<std::int32_t, std::int32_t>;
  EXPECT_TRUE(same_value(Either{std::in_place_index<1>, 4}, Either{std::in_place_index<1>, 4}));
  EXPECT_FALSE(same_value(Either{std::in_place_index<0>, 4}, Either{std::in_place_index<1>, 4}));
  EXPECT_FALSE(same_value(Either{std::in_place_index<1>, 4}, Either{std::in_place_index<1>, 5}));
}

TEST(Print, shows_fields_with_their_names) {
  EXPECT_EQ(print(Item{"a\"\n", 3}), "Item{name=\"a\\\"\\x0a\", count=3}");
  EXPECT_EQ(print(OrderId{7}), "{value=7}");
}

TEST(Print, shows_collections_floats_and_bytes) {
  EXPECT_EQ(print(std::map<int, std::vector<double>>{{1, {0.1, -2}}}), "[1: [0.1, -2]]");
  EXPECT_EQ(print(Bytes{std::byte{0}, std::byte{0xaf}}), "0x00af");
  EXPECT_EQ(print(std::tuple<bool, std::optional<int>>{true, {}}), "(true, none)");
  EXPECT_EQ(print(Result<void>{fail(Errc::timeout, 4)}),
            "timeout{code=0, injected=false, driver_code=0, id=4}");
}

struct Leaky {
  std::string listed;
  std::string unlisted;
  static constexpr auto fields = thresher::runtime::fields(field<1>("listed", &Leaky::listed));
};

TEST(Copy, leaves_behind_what_is_not_listed_as_a_remote_call_would) {
  const std::vector<Leaky> copy = copy_value(std::vector<Leaky>{{"a", "b"}});
  EXPECT_EQ(copy.at(0).listed, "a");
  EXPECT_EQ(copy.at(0).unlisted, "");
}

TEST(Copy, gives_an_equal_value_of_each_kind) {
  Everything value;
  value.items = {Item{"x", 2}};
  value.maybe = std::optional<std::string>{"m"};
  value.parts = {4, {true, "five"}};
  value.table["k"] = {1};
  value.ids = {{3}, {1}};
  value.either = Item{"held", 9};
  value.outcome = std::string{"fine"};
  EXPECT_EQ(where(value, copy_value(value)), "same");
}

}  // namespace
}  // namespace thresher::runtime
