// The tagged encoding: what comes back, what evolves, what is refused and where.
#include "thresher/runtime/codec/encode.h"

#include "thresher/runtime/codec/compare.h"
#include "thresher/runtime/codec/test_types.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace thresher::runtime {
namespace {

using codec_test::AccountV1;
using codec_test::AccountV2;
using codec_test::Everything;
using codec_test::Item;
using codec_test::Tree;

Bytes raw(std::initializer_list<int> bytes) {
  Bytes made;
  for (const int byte : bytes) made.push_back(static_cast<std::byte>(byte));
  return made;
}

template <typename T>
T there_and_back(const T& value) {
  return decode<T>(encode(value)).value();
}

template <typename T>
DecodeReport refusal(const Bytes& bytes) {
  DecodeReport report;
  const Result<T> result = decode<T>(bytes, &report);
  EXPECT_TRUE(!result && result.error().code == Errc::decode_failed);
  return report;
}

TEST(Encode, writes_a_struct_as_a_map_from_tag_to_value) {
  EXPECT_EQ(encode(Item{"ab", -3}), raw({0x82, 1, 0xa2, 'a', 'b', 2, 0xfd}));
}

TEST(Encode, brings_back_one_of_each_kind) {
  Everything value;
  value.large = std::numeric_limits<std::uint64_t>::max();
  value.signed_large = std::numeric_limits<std::int64_t>::min();
  value.tiny = -128;
  value.text = std::string{"a\0b", 3};
  value.bytes = raw({0, 255});
  value.items = {Item{"x", 2}, Item{}};
  value.parts = {4, {true, "five"}};
  value.table["k"] = {1, 2, 3};
  value.ids = {{3}, {1}};
  value.either = Item{"held", 9};
  value.span = std::chrono::milliseconds{-5};
  value.outcome = fail(Errc::capacity, 12);
  value.bits = {true, false, true};
  EXPECT_EQ(first_difference(value, there_and_back(value)), std::nullopt);
}

TEST(Encode, keeps_nothing_apart_from_something_that_is_nothing) {
  using Nested = std::optional<std::optional<int>>;
  EXPECT_EQ(there_and_back(Nested{}), Nested{});
  EXPECT_EQ(there_and_back(Nested{std::optional<int>{}}), Nested{std::optional<int>{}});
  EXPECT_TRUE(there_and_back(std::optional<std::monostate>{std::monostate{}}).has_value());
}

TEST(Encode, keeps_the_bits_of_floats) {
  const double payload = std::bit_cast<double>(std::uint64_t{0x7ff8000000001234});
  EXPECT_EQ(std::bit_cast<std::uint64_t>(there_and_back(payload)), 0x7ff8000000001234u);
  EXPECT_TRUE(std::signbit(there_and_back(-0.0f)));
}

TEST(Encode, brings_back_a_type_that_contains_itself) {
  const Tree tree{1, {Tree{2, {Tree{3, {}}}}, Tree{4, {}}}};
  EXPECT_TRUE(same_value(tree, there_and_back(tree)));
}

TEST(Encode, brings_back_results_with_and_without_values) {
  EXPECT_EQ(there_and_back(Result<void>{}), Result<void>{});
  EXPECT_EQ(there_and_back(Result<int>{5}), Result<int>{5});
  Error injected = make_error(Errc::device_lost, 3);
  injected.injected = true;
  injected.driver_code = 999;
  EXPECT_EQ(there_and_back(Result<int>{Unexpected{injected}}).error(), injected);
}

TEST(Decode, lets_a_newer_type_read_what_an_older_one_wrote) {
  const auto made = decode<AccountV2>(encode(AccountV1{"ann", -300, "nick", "10"}));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->owner, "ann");
  EXPECT_EQ(made->balance, -300);
  EXPECT_EQ(made->limit, "10");
  EXPECT_EQ(made->grade, 7);
}

TEST(Decode, lets_an_older_type_read_what_a_newer_one_wrote) {
  const AccountV2 written{"bob", 20, "5", {Item{"gold", 1}}, 3};
  const auto made = decode<AccountV1>(encode(written));
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->balance, 20);
  EXPECT_EQ(made->nickname, "");
}

TEST(Decode, refuses_a_value_that_the_older_type_cannot_hold) {
  const DecodeReport report = refusal<AccountV1>(encode(AccountV2{"bob", 40'000, "5", {}, 3}));
  EXPECT_EQ(report.path, "balance");
  EXPECT_EQ(report.reason, "the integer is too large");
}

TEST(Decode, accepts_arguments_that_gained_or_lost_values_at_the_end) {
  using Short = std::tuple<std::int32_t>;
  using Long = std::tuple<std::int32_t, std::string>;
  EXPECT_EQ(decode<Long>(encode(Short{5})).value(), (Long{5, ""}));
  EXPECT_EQ(decode<Short>(encode(Long{5, "more"})).value(), Short{5});
}

TEST(Decode, widens_integers_and_floats) {
  EXPECT_EQ(decode<std::int64_t>(encode(std::int8_t{-7})).value(), -7);
  EXPECT_EQ(decode<std::uint8_t>(encode(std::int64_t{255})).value(), 255);
  EXPECT_EQ(decode<double>(encode(1.5f)).value(), 1.5);
}

TEST(Decode, tells_path_reason_and_offset_of_a_wrong_type) {
  using Nested = std::map<std::string, std::vector<std::tuple<std::string>>>;
  using Wanted = std::map<std::string, std::vector<std::tuple<std::int32_t>>>;
  const DecodeReport report = refusal<Wanted>(encode(Nested{{"k", {{"a"}}}}));
  EXPECT_EQ(report.path, "[0][0][0]");
  EXPECT_EQ(report.reason, "expected an integer");
  EXPECT_EQ(report.offset, 7u);
}

TEST(Decode, names_the_fields_on_the_way_to_a_failure) {
  const AccountV2 written{"o", 1, {}, {Item{}, Item{"n", 1}}, 1};
  Bytes bytes = encode(written);
  bytes[bytes.size() - 3] = std::byte{0xc3};  // The second item's count becomes `true`.
  EXPECT_EQ(refusal<AccountV2>(bytes).path, "holdings[1].count");
}

TEST(Decode, refuses_counts_and_lengths_beyond_the_input_without_allocating) {
  EXPECT_FALSE(decode<std::string>(raw({0xdb, 0xff, 0xff, 0xff, 0xff, 'a'})));
  EXPECT_FALSE(decode<std::vector<std::int64_t>>(raw({0xdd, 0xff, 0xff, 0xff, 0xff, 1})));
  EXPECT_FALSE((decode<std::map<int, int>>(raw({0xdf, 0xff, 0xff, 0xff, 0xff, 1, 1}))));
  EXPECT_FALSE(decode<Item>(raw({0x81, 9, 0xdd, 0xff, 0xff, 0xff, 0xff})));
}

TEST(Decode, refuses_what_is_nested_too_deeply) {
  Bytes bytes;
  const Bytes level = raw({0x81, 2, 0x91});
  for (int i = 0; i < 1000; ++i) bytes.insert(bytes.end(), level.begin(), level.end());
  bytes.push_back(std::byte{0x80});
  EXPECT_EQ(refusal<Tree>(bytes).reason, "nested too deeply");
}

TEST(Decode, skips_an_unknown_field_however_deep_it_is) {
  Bytes bytes = raw({0x82, 9});
  bytes.insert(bytes.end(), 100'000, std::byte{0x91});
  const Bytes end = raw({0xc0, 2, 5});
  bytes.insert(bytes.end(), end.begin(), end.end());
  EXPECT_EQ(decode<Item>(bytes).value().count, 5);
}

TEST(Decode, refuses_bytes_after_the_value) {
  Bytes bytes = encode(std::int32_t{1});
  bytes.push_back(std::byte{0});
  EXPECT_EQ(refusal<std::int32_t>(bytes).reason, "bytes after the value");
}

TEST(Decode, refuses_a_key_or_an_element_that_comes_twice) {
  EXPECT_EQ((refusal<std::map<int, int>>(raw({0x82, 1, 1, 1, 2})).reason), "a key comes twice");
  EXPECT_EQ(refusal<std::set<int>>(raw({0x92, 1, 1})).reason, "an element comes twice");
}

TEST(Decode, refuses_an_alternative_that_is_not_there) {
  using Either = std::variant<std::monostate, std::int32_t>;
  EXPECT_EQ(refusal<Either>(raw({0x92, 2, 5})).reason, "no such alternative");
}

}  // namespace
}  // namespace thresher::runtime
