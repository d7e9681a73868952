// The positional form and the round trip that the simulation makes of local calls.
#include "thresher/runtime/codec/positional.h"

#include "thresher/runtime/codec/test_types.h"

#include <gtest/gtest.h>

namespace thresher::runtime {
namespace {

using codec_test::Everything;
using codec_test::Item;

TEST(Positional, takes_no_more_than_the_values_themselves) {
  EXPECT_EQ(encode_positional(std::tuple<>{}).size(), 1u);
  EXPECT_EQ(encode_positional(std::int64_t{5}).size(), 8u);
  EXPECT_EQ(encode_positional(Item{"ab", 3}).size(), 4u + 2u + 4u);
}

TEST(Positional, comes_back_the_same) {
  Everything value;
  value.items = {Item{"x", 2}};
  value.ids = {{3}, {1}};
  value.either = Item{"held", 9};
  value.outcome = fail(Errc::capacity, 12);
  const RoundTrip<Everything> trip = round_trip(value);
  EXPECT_FALSE(trip.difference.has_value()) << trip.difference->describe();
  EXPECT_EQ(trip.value.items.at(0).name, "x");
}

TEST(Positional, refuses_truncated_bytes_and_counts_beyond_them) {
  Bytes bytes = encode_positional(std::vector<std::int32_t>{1, 2});
  bytes.pop_back();
  EXPECT_EQ(decode_positional<std::vector<std::int32_t>>(bytes).error().code, Errc::decode_failed);
  EXPECT_FALSE(decode_positional<std::vector<std::monostate>>(Bytes(4, std::byte{0xff})));
  EXPECT_FALSE(decode_positional<std::string>(
      Bytes{std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{'a'}}));
  EXPECT_FALSE(decode_positional<bool>(Bytes{std::byte{2}}));
}

}  // namespace
}  // namespace thresher::runtime
