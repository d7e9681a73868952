// Expected as its own specification: each sentence of its header is a test.
#include "thresher/runtime/base/expected.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace thresher::runtime {
namespace {

/// An error type of a user: what `value()` throws is found by argument lookup.
struct Fault {
  int number = 0;
  friend bool operator==(const Fault&, const Fault&) = default;
};
struct FaultThrown {
  int number;
};
[[noreturn]] void throw_bad_access(const Fault& fault) { throw FaultThrown{fault.number}; }

using Number = Expected<int, Fault>;
using Nothing = Expected<void, Fault>;
using Owned = Expected<std::unique_ptr<int>, Fault>;

Number half(int x) {
  if (x % 2 != 0) return Unexpected{Fault{x}};
  return x / 2;
}

TEST(Expected, holds_the_value_it_was_made_of) {
  const Number number = 7;
  EXPECT_TRUE(number.has_value());
  EXPECT_EQ(*number, 7);
}

TEST(Expected, holds_the_error_it_was_made_of) {
  const Number number = Unexpected{Fault{3}};
  EXPECT_FALSE(number.has_value());
  EXPECT_EQ(number.error(), Fault{3});
}

TEST(Expected, default_makes_the_default_value) { EXPECT_EQ(*Number{}, 0); }

TEST(Expected, value_throws_what_the_error_type_says) {
  const Number number = Unexpected{Fault{3}};
  try {
    static_cast<void>(number.value());
    FAIL() << "value() of an error must throw";
  } catch (const FaultThrown& thrown) {
    EXPECT_EQ(thrown.number, 3);
  }
}

TEST(Expected, value_or_gives_the_other_only_for_an_error) {
  EXPECT_EQ(half(8).value_or(1), 4);
  EXPECT_EQ(half(7).value_or(1), 1);
}

TEST(Expected, moves_a_value_that_cannot_be_copied) {
  Owned owned = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = *std::move(owned);
  EXPECT_EQ(*taken, 5);
}

TEST(Expected, arrow_reaches_into_the_value) {
  const Expected<std::string, Fault> text = std::string{"abc"};
  EXPECT_EQ(text->size(), 3u);
}

TEST(Expected, and_then_goes_on_with_a_value_and_stops_at_an_error) {
  EXPECT_EQ(half(8).and_then(half), Number{2});
  EXPECT_EQ(half(6).and_then(half), Number{Unexpected{Fault{3}}});
  EXPECT_EQ(half(5).and_then(half), Number{Unexpected{Fault{5}}});
}

TEST(Expected, transform_maps_the_value_alone) {
  const auto text = [](int x) { return std::to_string(x); };
  EXPECT_EQ(*half(8).transform(text), "4");
  EXPECT_EQ(half(7).transform(text).error(), Fault{7});
}

TEST(Expected, transform_to_void_runs_the_function) {
  int seen = 0;
  EXPECT_TRUE(half(8).transform([&](int x) { seen = x; }).has_value());
  EXPECT_EQ(seen, 4);
}

TEST(Expected, or_else_is_asked_only_for_an_error) {
  const auto zero = [](Fault) -> Number { return 0; };
  EXPECT_EQ(*half(8).or_else(zero), 4);
  EXPECT_EQ(*half(7).or_else(zero), 0);
}

TEST(Expected, transform_error_maps_the_error_alone) {
  const auto number = [](Fault fault) { return fault.number + 1; };
  EXPECT_EQ(half(7).transform_error(number).error(), 8);
  EXPECT_EQ(*half(8).transform_error(number), 4);
}

TEST(Expected, compares_values_with_values_and_errors_with_errors) {
  EXPECT_EQ(half(8), half(8));
  EXPECT_FALSE(half(8) == half(6));
  EXPECT_FALSE(half(7) == half(5));
  EXPECT_FALSE(half(8) == half(7));
}

TEST(ExpectedVoid, is_success_unless_made_of_an_error) {
  EXPECT_TRUE(Nothing{}.has_value());
  EXPECT_EQ(Nothing{Unexpected{Fault{2}}}.error(), Fault{2});
}

TEST(ExpectedVoid, value_throws_only_for_an_error) {
  EXPECT_NO_THROW(Nothing{}.value());
  EXPECT_THROW(Nothing{Unexpected{Fault{2}}}.value(), FaultThrown);
}

TEST(ExpectedVoid, and_then_and_or_else_take_one_way_each) {
  EXPECT_EQ(*Nothing{}.and_then([] { return Number{4}; }), 4);
  EXPECT_FALSE(Nothing{Unexpected{Fault{1}}}.and_then([] { return Number{4}; }).has_value());
  EXPECT_TRUE(Nothing{Unexpected{Fault{1}}}.or_else([](Fault) { return Nothing{}; }).has_value());
}

TEST(ExpectedDeathTest, reading_the_wrong_side_asserts) {
  EXPECT_DEATH(static_cast<void>(*half(7)), "assertion failed");
  EXPECT_DEATH(static_cast<void>(half(8).error()), "assertion failed");
}

}  // namespace
}  // namespace thresher::runtime
