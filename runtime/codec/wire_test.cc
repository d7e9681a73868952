// MessagePack items held against nlohmann-json's implementation of the same format.
#include "thresher/runtime/codec/wire.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <bit>
#include <limits>
#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

using nlohmann::json;

/// What the other implementation writes.
Bytes theirs(const json& value) {
  const std::vector<std::uint8_t> bytes = json::to_msgpack(value);
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return Bytes(first, first + bytes.size());
}

template <typename Write>
Bytes ours(Write&& write) {
  ByteWriter out;
  WireWriter wire{out};
  write(wire);
  return out.copy();
}

const std::vector<std::size_t> lengths{0, 1, 15, 16, 31, 32, 255, 256, 65'535, 65'536};

TEST(Wire, writes_integers_in_their_shortest_form) {
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t near : {0, 1, 2}) {
      const std::uint64_t value = (std::uint64_t{1} << shift) - 1 + near;
      const auto negative = -static_cast<std::int64_t>(value & (~std::uint64_t{0} >> 1));
      EXPECT_EQ(ours([&](WireWriter& wire) { wire.unsigned_integer(value); }), theirs(value));
      EXPECT_EQ(ours([&](WireWriter& wire) { wire.signed_integer(negative); }), theirs(negative));
    }
  }
}

TEST(Wire, writes_text_of_any_length) {
  for (const std::size_t length : lengths) {
    const std::string text(length, 'x');
    EXPECT_EQ(ours([&](WireWriter& wire) { wire.text(text.data(), length); }), theirs(text));
  }
}

TEST(Wire, writes_binary_of_any_length) {
  for (const std::size_t length : lengths) {
    const std::vector<std::uint8_t> bytes(length, 7);
    EXPECT_EQ(ours([&](WireWriter& wire) { wire.binary(bytes.data(), length); }),
              theirs(json::binary(bytes)));
  }
}

TEST(Wire, writes_arrays_of_any_length) {
  for (const std::size_t length : lengths) {
    const auto write = [&](WireWriter& wire) {
      wire.array(length);
      for (std::size_t i = 0; i < length; ++i) wire.nil();
    };
    EXPECT_EQ(ours(write), theirs(json(length, nullptr)));
  }
}

TEST(Wire, writes_maps_that_the_other_implementation_reads) {
  for (const std::size_t length : lengths) {
    json wanted = json::object();
    const Bytes bytes = ours([&](WireWriter& wire) {
      wire.map(length);
      for (std::size_t i = 0; i < length; ++i) {
        const std::string key = std::to_string(i);
        wanted[key] = i % 2 == 0;
        wire.text(key.data(), key.size());
        wire.boolean(i % 2 == 0);
      }
    });
    const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
    EXPECT_EQ(json::from_msgpack(first, first + bytes.size()), wanted);
  }
}

TEST(Wire, writes_and_reads_the_exact_bits_of_floats) {
  const std::uint64_t bits = 0x7ff0000000000001;  // A signalling NaN.
  const Bytes bytes = ours([&](WireWriter& wire) {
    wire.float64(bits);
    wire.float32(std::bit_cast<std::uint32_t>(1.5f));
  });
  WireReader reader{bytes};
  WireItem item;
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.bits, bits);
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.type, WireType::float32);
  EXPECT_EQ(item.bits, std::bit_cast<std::uint32_t>(1.5f));
}

TEST(Wire, reads_a_signed_form_of_any_width_as_the_number_it_is) {
  const Bytes bytes{std::byte{0xd1}, std::byte{0}, std::byte{5}, std::byte{0xd2}, std::byte{0xff},
                    std::byte{0xff}, std::byte{0xff}, std::byte{0xfe}};
  WireReader reader{bytes};
  WireItem item;
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.type, WireType::unsigned_integer);
  EXPECT_EQ(item.bits, 5u);
  ASSERT_TRUE(reader.next(item));
  EXPECT_EQ(item.type, WireType::negative_integer);
  EXPECT_EQ(static_cast<std::int64_t>(item.bits), -2);
}

TEST(Wire, skips_a_whole_document_of_the_other_implementation) {
  const json document = {{"a", {1, -70'000, 2.5, nullptr, true}},
                         {"b", {{"c", json::binary({1, 2, 3}, 9)}}},
                         {"d", std::string(300, 'y')}};
  Bytes bytes = theirs(document);
  bytes.push_back(std::byte{42});
  WireReader reader{bytes};
  EXPECT_TRUE(reader.skip());
  EXPECT_EQ(reader.left(), 1u);
}

TEST(Wire, refuses_a_document_cut_anywhere) {
  const Bytes bytes = theirs({{"a", {1, -70'000, 2.5, nullptr, json::binary({1, 2}, 9)}}});
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(WireReader{std::span{bytes}.first(cut)}.skip()) << cut;
  }
}

TEST(Wire, refuses_a_count_of_items_that_are_not_there) {
  WireItem item;
  const Bytes array{std::byte{0x92}, std::byte{1}};
  EXPECT_FALSE(WireReader{array}.next(item));
  const Bytes map{std::byte{0x82}, std::byte{1}, std::byte{1}, std::byte{1}};
  EXPECT_FALSE(WireReader{map}.next(item));
  const Bytes large{std::byte{0xdd}, std::byte{0xff}, std::byte{0xff}, std::byte{0xff},
                    std::byte{0xff}, std::byte{1}};
  EXPECT_FALSE(WireReader{large}.next(item));
}

TEST(Wire, refuses_the_one_head_that_means_nothing) {
  const Bytes bytes{std::byte{0xc1}};
  WireItem item;
  EXPECT_FALSE(WireReader{bytes}.next(item));
}

}  // namespace
}  // namespace thresher::runtime
