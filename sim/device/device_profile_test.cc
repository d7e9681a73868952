// Profiles: the built-in ones, the cost formulas, and refusals that name the place.
#include "thresher/sim/device/device_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thresher::sim {
namespace {

using testing::HasSubstr;

std::string refusal(std::string_view text) {
  const auto profile = DeviceProfile::parse(text);
  EXPECT_FALSE(profile.has_value());
  return profile.has_value() ? "" : profile.error().message;
}

TEST(DeviceProfile, has_a_default_with_published_numbers) {
  const DeviceProfile& profile = DeviceProfile::standard();
  EXPECT_EQ(profile.host_cost(gpu::DriverCall::launch_kernel), std::chrono::microseconds{3});
  EXPECT_EQ(profile.host_cost(gpu::DriverCall::memory_allocate), std::chrono::microseconds{60});
  EXPECT_EQ(profile.host_cost(gpu::DriverCall::context_create), std::chrono::milliseconds{300});
}

TEST(DeviceProfile, says_that_h200_is_predicted) {
  const auto profile = DeviceProfile::named("h200");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->properties.compute_major, 9u);
  EXPECT_THAT(profile->origin, HasSubstr("predicted"));
}

TEST(DeviceProfile, rounds_costs_up) {
  DeviceProfile profile = DeviceProfile::standard();
  profile.copy_fixed_ns = 100;
  EXPECT_EQ(profile.copy_cost(1, 1000), runtime::Duration{101});
  EXPECT_EQ(profile.copy_cost(2500, 1000), runtime::Duration{2600});
  profile.kernel_fixed_ns = 10;
  profile.instructions_per_us = 1000;
  EXPECT_EQ(profile.kernel_cost(32, 16), runtime::Duration{522});
}

TEST(DeviceProfile, does_not_overflow_for_a_whole_large_device) {
  const DeviceProfile& profile = DeviceProfile::standard();
  EXPECT_GT(profile.copy_cost(std::uint64_t{141} << 30, 1).count(), 0);
}

TEST(DeviceProfile, changes_what_a_file_names_and_keeps_the_rest) {
  const auto profile = DeviceProfile::parse(R"({"name": "mine", "kernel": {"fixed_ns": 7}})");
  ASSERT_TRUE(profile);
  EXPECT_EQ(profile->kernel_fixed_ns, 7);
  EXPECT_EQ(profile->copy_fixed_ns, DeviceProfile::standard().copy_fixed_ns);
}

TEST(DeviceProfile, refuses_an_unknown_key_by_path) {
  EXPECT_THAT(refusal(R"({"calls_ns": {"launch": 3}})"), HasSubstr("$.calls_ns.launch"));
}

TEST(DeviceProfile, refuses_a_wrong_type_by_path_and_value) {
  const std::string message = refusal(R"({"copy": {"fixed_ns": "fast"}})");
  EXPECT_THAT(message, HasSubstr("$.copy.fixed_ns"));
  EXPECT_THAT(message, HasSubstr("\"fast\""));
}

TEST(DeviceProfile, refuses_what_would_divide_by_zero_or_overflow) {
  EXPECT_THAT(refusal(R"({"kernel": {"instructions_per_us": 0}})"), HasSubstr("from 1"));
  EXPECT_THAT(refusal(R"({"kernel": {"fixed_ns": 99999999999999999}})"), HasSubstr("fixed_ns"));
}

TEST(DeviceProfile, lists_the_names_when_one_is_unknown) {
  const auto profile = DeviceProfile::named("h2000");
  ASSERT_FALSE(profile);
  EXPECT_THAT(profile.error().message, HasSubstr("default, h200"));
}

RC_GTEST_PROP(DeviceProfile, never_crashes_on_any_text, (const std::string& text)) {
  static_cast<void>(DeviceProfile::parse(text));
}

}  // namespace
}  // namespace thresher::sim
