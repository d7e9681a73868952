// UniqueFunction: ownership, the inline buffer, and what a call hands through.
#include "thresher/runtime/base/unique_function.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace thresher::runtime {
namespace {

/// Counts its live copies; `Bytes` decides whether it fits the inline buffer.
template <std::size_t Bytes>
struct Counted {
  explicit Counted(int& count) : live{&count} { ++*live; }
  Counted(Counted&& other) noexcept : live{other.live} { ++*live; }
  Counted(const Counted&) = delete;
  ~Counted() { --*live; }
  int operator()() const { return *live; }

  int* live;
  std::array<char, Bytes> padding{};
};

using Small = Counted<8>;
using Large = Counted<200>;
using Function = UniqueFunction<int()>;

struct Throwing {
  Throwing() = default;
  Throwing(Throwing&&) noexcept(false) {}
  int operator()() const { return 6; }
};

template <typename T>
class UniqueFunctionOwning : public testing::Test {};
using Sizes = testing::Types<Small, Large>;
TYPED_TEST_SUITE(UniqueFunctionOwning, Sizes);

TYPED_TEST(UniqueFunctionOwning, keeps_one_callable_until_it_is_destroyed) {
  int live = 0;
  {
    Function function{TypeParam{live}};
    EXPECT_EQ(function(), 1);
  }
  EXPECT_EQ(live, 0);
}

TYPED_TEST(UniqueFunctionOwning, moving_leaves_one_callable_and_an_empty_source) {
  int live = 0;
  Function first{TypeParam{live}};
  Function second{std::move(first)};
  EXPECT_FALSE(static_cast<bool>(first));
  EXPECT_EQ(second(), 1);
}

TYPED_TEST(UniqueFunctionOwning, assigning_destroys_what_was_there) {
  int old_live = 0;
  int new_live = 0;
  Function function{TypeParam{old_live}};
  function = Function{TypeParam{new_live}};
  EXPECT_EQ(old_live, 0);
  EXPECT_EQ(new_live, 1);
}

TYPED_TEST(UniqueFunctionOwning, reset_destroys_and_empties) {
  int live = 0;
  Function function{TypeParam{live}};
  function.reset();
  EXPECT_EQ(live, 0);
  EXPECT_FALSE(static_cast<bool>(function));
}

TEST(UniqueFunction, is_empty_by_default_and_of_null) {
  EXPECT_FALSE(static_cast<bool>(Function{}));
  EXPECT_FALSE(static_cast<bool>(Function{nullptr}));
}

TEST(UniqueFunction, hands_arguments_and_results_through_unharmed) {
  UniqueFunction<std::unique_ptr<int>(std::unique_ptr<int>, int&)> function{
      [](std::unique_ptr<int> owned, int& count) {
        ++count;
        return owned;
      }};
  int count = 0;
  EXPECT_EQ(*function(std::make_unique<int>(5), count), 5);
  EXPECT_EQ(count, 1);
}

TEST(UniqueFunction, may_change_the_state_of_its_callable) {
  Function next{[n = 0]() mutable { return ++n; }};
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 2);
}

TEST(UniqueFunction, holds_a_callable_whose_move_may_throw) {
  Function function{Throwing{}};
  Function moved{std::move(function)};
  EXPECT_EQ(moved(), 6);
}

TEST(UniqueFunction, survives_assignment_to_itself) {
  Function function{[] { return 3; }};
  Function& same = function;
  function = std::move(same);
  EXPECT_EQ(function(), 3);
}

TEST(UniqueFunctionDeathTest, calling_an_empty_one_asserts) {
  EXPECT_DEATH(Function{}(), "assertion failed");
}

}  // namespace
}  // namespace thresher::runtime
