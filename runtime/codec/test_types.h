// Types that the codec's tests share: one of each kind, nested, and two versions of one struct.
// No product code includes this.
#pragma once

#include "thresher/runtime/codec/encodable.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace thresher::runtime::codec_test {

enum class Colour : std::uint8_t { red, green, blue };

/// A strong type, as ids are.
struct OrderId {
  std::uint64_t value = 0;
  friend auto operator<=>(const OrderId&, const OrderId&) = default;
  static constexpr auto fields = thresher::runtime::fields(field<1>("value", &OrderId::value));
};

struct Item {
  static constexpr std::string_view type_name = "Item";
  std::string name;
  std::int32_t count = 1;
  static constexpr auto fields = thresher::runtime::fields(field<1>("name", &Item::name),
                                                           field<2>("count", &Item::count));
};

/// One member of each kind.
struct Everything {
  bool flag = false;
  std::int8_t tiny = 0;
  std::uint64_t large = 0;
  std::int64_t signed_large = 0;
  float single_precision = 0;
  double double_precision = 0;
  Colour colour = Colour::red;
  std::string text;
  Bytes bytes;
  std::vector<Item> items;
  std::array<std::int16_t, 3> triple{};
  std::optional<std::optional<std::string>> maybe;
  std::tuple<std::int32_t, std::pair<bool, std::string>> parts;
  std::map<std::string, std::vector<std::uint32_t>> table;
  std::set<OrderId> ids;
  std::variant<std::monostate, std::int32_t, Item> either;
  std::chrono::milliseconds span{0};
  Result<std::string> outcome{std::string{}};
  std::vector<bool> bits;

  static constexpr auto fields = thresher::runtime::fields(
      field<1>("flag", &Everything::flag), field<2>("tiny", &Everything::tiny),
      field<3>("large", &Everything::large), field<4>("signed_large", &Everything::signed_large),
      field<5>("single_precision", &Everything::single_precision),
      field<6>("double_precision", &Everything::double_precision),
      field<7>("colour", &Everything::colour), field<8>("text", &Everything::text),
      field<9>("bytes", &Everything::bytes), field<10>("items", &Everything::items),
      field<11>("triple", &Everything::triple), field<12>("maybe", &Everything::maybe),
      field<13>("parts", &Everything::parts), field<14>("table", &Everything::table),
      field<15>("ids", &Everything::ids), field<16>("either", &Everything::either),
      field<17>("span", &Everything::span), field<18>("outcome", &Everything::outcome),
      field<19>("bits", &Everything::bits));
};

/// A type that contains itself.
struct Tree {
  std::int32_t label = 0;
  std::vector<Tree> children;
  static constexpr auto fields = thresher::runtime::fields(field<1>("label", &Tree::label),
                                                           field<2>("children", &Tree::children));
};

/// Version 1 of a record, and version 2 after a year: one field gone, one widened, one made
/// optional, two added.
struct AccountV1 {
  std::string owner;
  std::int16_t balance = 0;
  std::string nickname;
  std::string limit;
  static constexpr auto fields = thresher::runtime::fields(
      field<1>("owner", &AccountV1::owner), field<2>("balance", &AccountV1::balance),
      field<3>("nickname", &AccountV1::nickname), field<4>("limit", &AccountV1::limit));
};

struct AccountV2 {
  std::string owner;
  std::int64_t balance = 0;
  std::optional<std::string> limit;
  std::vector<Item> holdings;
  std::int32_t grade = 7;
  static constexpr auto fields = thresher::runtime::fields(
      field<1>("owner", &AccountV2::owner), field<2>("balance", &AccountV2::balance),
      field<4>("limit", &AccountV2::limit), field<5>("holdings", &AccountV2::holdings),
      field<6>("grade", &AccountV2::grade));
};

}  // namespace thresher::runtime::codec_test
