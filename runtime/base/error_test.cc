// Errors: their names, their equality, their words, and the two propagating macros.
#include "thresher/runtime/base/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <type_traits>

namespace thresher::runtime {
namespace {

static_assert(std::is_trivially_copyable_v<Error>, "errors are passed by value everywhere");
static_assert(sizeof(Error) <= 40, "errors are small");

constexpr auto last_code = static_cast<int>(Errc::configuration);

Result<int> parse(bool good) {
  if (!good) return fail(Errc::decode_failed, 9);
  return 4;
}

Result<std::string> print(bool good) {
  THRESHER_TRY(number, parse(good));
  return std::to_string(number);
}

Result<void> print_nothing(bool good) {
  THRESHER_TRY_VOID(parse(good));
  return {};
}

TEST(Error, every_code_has_a_name_of_its_own) {
  std::set<std::string> names;
  for (int code = 0; code <= last_code; ++code) names.emplace(name(static_cast<Errc>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(last_code) + 1);
}

TEST(Error, remembers_where_it_was_noticed) {
  const Error error = make_error(Errc::timeout);
  EXPECT_EQ(error.origin.line, static_cast<std::uint32_t>(__LINE__) - 1);
  EXPECT_NE(std::string{error.origin.file}.find("error_test.cc"), std::string::npos);
}

TEST(Error, is_equal_wherever_it_was_noticed) {
  const Error here = make_error(Errc::timeout, 3);
  const Error there = make_error(Errc::timeout, 3);
  EXPECT_EQ(here, there);
}

TEST(Error, differs_by_code_id_driver_code_and_mark) {
  const Error base = make_error(Errc::timeout, 3);
  Error injected = base;
  injected.injected = true;
  Error from_driver = base;
  from_driver.driver_code = 700;
  EXPECT_FALSE(base == make_error(Errc::cancelled, 3));
  EXPECT_FALSE(base == make_error(Errc::timeout, 4));
  EXPECT_FALSE(base == injected);
  EXPECT_FALSE(base == from_driver);
}

TEST(Error, describes_itself_in_one_line) {
  Error error = make_error(Errc::context_lost, 12, SourceLocation{"gpu/x.cc", 34});
  error.driver_code = 700;
  error.injected = true;
  EXPECT_EQ(describe(error), "context_lost (driver code 700) #12 [injected] at gpu/x.cc:34");
}

TEST(Error, describes_only_what_there_is) {
  const Error error = make_error(Errc::timeout, 0, SourceLocation{"a.cc", 1});
  EXPECT_EQ(describe(error), "timeout at a.cc:1");
}

TEST(Result, value_throws_the_error_as_an_exception) {
  try {
    static_cast<void>(parse(false).value());
    FAIL() << "value() of an error must throw";
  } catch (const ErrorException& exception) {
    EXPECT_EQ(exception.error(), make_error(Errc::decode_failed, 9));
    EXPECT_EQ(exception.what(), describe(exception.error()));
  }
}

TEST(Result, try_names_the_value_or_propagates_the_error) {
  EXPECT_EQ(*print(true), "4");
  EXPECT_EQ(print(false).error().code, Errc::decode_failed);
}

TEST(Result, try_void_drops_the_value_or_propagates_the_error) {
  EXPECT_TRUE(print_nothing(true).has_value());
  EXPECT_EQ(print_nothing(false).error().id, 9u);
}

}  // namespace
}  // namespace thresher::runtime
