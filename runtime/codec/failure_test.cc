// Failures: from the exception that left a turn to what the caller gets.
#include "thresher/runtime/codec/failure.h"

#include "thresher/runtime/codec/encode.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace thresher::runtime {
namespace {

struct OutOfStock : std::exception {
  std::string article;
  std::int32_t left = 0;
  OutOfStock() = default;
  OutOfStock(std::string name, std::int32_t count) : article{std::move(name)}, left{count} {}
  const char* what() const noexcept override { return article.c_str(); }
  static constexpr auto fields = thresher::runtime::fields(
      field<1>("article", &OutOfStock::article), field<2>("left", &OutOfStock::left));
};

struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Stranger : std::out_of_range {
  using std::out_of_range::out_of_range;
};

class Failures : public testing::Test {
 protected:
  Failures() {
    registry.add<OutOfStock>("shop.OutOfStock").value();
    registry.add<Refused>("shop.Refused").value();
  }

  /// What a caller gets for what a callee threw, with bytes between them.
  template <typename Thrown>
  void send(const Thrown& thrown) {
    const Bytes bytes = encode(registry.capture(thrown));
    CallError error;
    error.failure = std::make_shared<const GrainFailure>(decode<GrainFailure>(bytes).value());
    error.error = error.failure->error;
    error.registry = &registry;
    CallResult<int>{Unexpected{error}}.value();
  }

  ExceptionRegistry registry;
};

TEST_F(Failures, rethrows_a_registered_type_as_itself_with_its_fields) {
  try {
    send(OutOfStock{"bolt", 2});
    FAIL();
  } catch (const OutOfStock& caught) {
    EXPECT_EQ(caught.article, "bolt");
    EXPECT_EQ(caught.left, 2);
  }
}

TEST_F(Failures, rethrows_a_registered_type_without_fields_with_its_text) {
  try {
    send(Refused{"not today"});
    FAIL();
  } catch (const Refused& caught) {
    EXPECT_STREQ(caught.what(), "not today");
  }
}

TEST_F(Failures, gives_an_unregistered_type_as_a_remote_error_with_the_nearest_standard_name) {
  try {
    send(Stranger{"far out"});
    FAIL();
  } catch (const RemoteError& caught) {
    EXPECT_STREQ(caught.what(), "far out");
    EXPECT_EQ(caught.type_name(), "std::out_of_range");
    EXPECT_EQ(caught.failure().error.code, Errc::grain_failed);
  }
}

TEST_F(Failures, gives_an_error_back_as_an_error) {
  try {
    send(ErrorException{make_error(Errc::capacity, 8)});
    FAIL();
  } catch (const ErrorException& caught) {
    EXPECT_EQ(caught.error(), make_error(Errc::capacity, 8));
  }
}

TEST_F(Failures, marks_the_source_of_a_conflict_and_not_its_callers) {
  const InconsistentStateError thrown{make_error(Errc::inconsistent_state)};
  EXPECT_TRUE(registry.capture(thrown).inconsistent_source);
  try {
    send(thrown);
    FAIL();
  } catch (const InconsistentStateError& caught) {
    EXPECT_FALSE(caught.source());
    EXPECT_FALSE(registry.capture(caught).inconsistent_source);
  }
}

TEST_F(Failures, passes_a_remote_error_on_unchanged_over_two_hops) {
  try {
    send(RemoteError{registry.capture(Stranger{"far out"})});
    FAIL();
  } catch (const RemoteError& caught) {
    EXPECT_EQ(caught.type_name(), "std::out_of_range");
  }
}

TEST_F(Failures, gives_a_remote_error_when_the_fields_do_not_decode) {
  GrainFailure failure = registry.capture(OutOfStock{"bolt", 2});
  failure.fields_bytes = {std::byte{0xc1}};
  EXPECT_THROW(registry.raise(failure), RemoteError);
}

TEST_F(Failures, describes_what_is_no_exception) {
  EXPECT_EQ(ExceptionRegistry::capture_unknown().type_name, "unknown");
}

TEST_F(Failures, throws_a_conflict_for_the_plain_error_of_a_storage_operation) {
  EXPECT_THROW(Result<void>{fail(Errc::inconsistent_state)}.value(), InconsistentStateError);
  EXPECT_THROW(Result<void>{fail(Errc::timeout)}.value(), ErrorException);
}

TEST_F(Failures, refuses_an_error_code_that_does_not_exist) {
  Bytes bytes = encode(make_error(Errc::configuration));
  EXPECT_TRUE(decode<Error>(bytes).has_value());
  ASSERT_EQ(bytes.at(2), static_cast<std::byte>(Errc::configuration));
  bytes[2] = static_cast<std::byte>(static_cast<unsigned>(Errc::configuration) + 1);
  EXPECT_FALSE(decode<Error>(bytes).has_value());
}

TEST(FailuresDeathTest, know_the_last_error_code) {
  const auto beyond = static_cast<Errc>(static_cast<unsigned>(EnumRange<Errc>::last) + 1);
  EXPECT_DEATH(static_cast<void>(name(beyond)), "unreachable");
}

TEST_F(Failures, refuses_a_name_or_a_type_that_is_taken) {
  EXPECT_EQ(registry.add<Stranger>("shop.Refused").error().code, Errc::already_exists);
  EXPECT_EQ(registry.add<Refused>("shop.Other").error().code, Errc::already_exists);
  EXPECT_EQ(registry.add<Stranger>("thresher.Error").error().code, Errc::invalid_argument);
  EXPECT_EQ(registry.add<Stranger>("").error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace thresher::runtime
