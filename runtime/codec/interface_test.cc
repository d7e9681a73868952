// Interfaces: identities, types and attributes of methods.
#include "thresher/runtime/codec/interface.h"

#include <gtest/gtest.h>

namespace thresher::runtime {
namespace {

struct ICounter : Interface<"demo.Counter"> {
  static constexpr auto add = method<"add", std::int64_t(std::int64_t)>();
  static constexpr auto get = method<"get", std::int64_t()>({.read_only = true});
  static constexpr auto poke =
      method<"poke", void(std::string, std::int32_t)>({.one_way = true});
  static constexpr auto slow =
      method<"slow", Result<void>()>({.response_timeout = std::chrono::seconds{90}});
};

struct IOther : Interface<"demo.Other"> {
  static constexpr auto add = method<"add", std::int64_t(std::int64_t)>();
};

TEST(Interface, identifies_a_method_by_the_hash_of_both_names) {
  EXPECT_EQ(ICounter::add.id.value, hash_name("demo.Counter.add"));
  EXPECT_EQ(ICounter::add.interface_id, ICounter::interface_id);
  EXPECT_NE(ICounter::add.id, IOther::add.id);
}

TEST(Interface, knows_the_types_of_a_method) {
  using Poke = decltype(ICounter::poke);
  static_assert(std::is_same_v<Poke::Args, std::tuple<std::string, std::int32_t>>);
  static_assert(std::is_same_v<Poke::Result, void>);
  static_assert(std::is_same_v<Poke::ResultValue, std::monostate>);
  static_assert(Poke::takes<const char*, int>);
  static_assert(!Poke::takes<int, int>);
  static_assert(MethodOf<Poke, ICounter>);
  static_assert(!MethodOf<Poke, IOther>);
  EXPECT_EQ(ICounter::poke.name, "poke");
}

TEST(Interface, keeps_the_attributes_of_a_method) {
  EXPECT_TRUE(ICounter::get.attributes().read_only);
  EXPECT_FALSE(ICounter::add.attributes().read_only);
  EXPECT_TRUE(ICounter::poke.info().attributes.one_way);
  EXPECT_EQ(ICounter::slow.attributes().response_timeout, std::chrono::seconds{90});
}

TEST(Interface, finds_two_methods_with_one_id) {
  constexpr auto table = method_table(ICounter::add, ICounter::get, IOther::add);
  EXPECT_EQ(find_collision(table), (std::array<std::size_t, 2>{3, 3}));
  const std::array doubled{ICounter::add.info(), ICounter::get.info(), ICounter::add.info()};
  EXPECT_EQ(find_collision(doubled), (std::array<std::size_t, 2>{0, 2}));
}

}  // namespace
}  // namespace thresher::runtime
