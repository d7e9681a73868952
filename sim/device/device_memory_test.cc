// Device memory: owners, bytes that stay when memory is freed, limits and words about addresses.
#include "thresher/sim/device/device_memory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thresher::sim {
namespace {

using Access = DeviceMemory::Access;
using testing::HasSubstr;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr DeviceContextId one{1};
constexpr DeviceContextId two{2};

struct DeviceMemoryTest : testing::Test {
  DeviceMemory memory{MemoryLimits{.base = std::uint64_t{1} << 40,
                                   .capacity_bytes = std::uint64_t{140} << 30,
                                   .backing_bytes_max = 32 * mib,
                                   .residue_bytes_max = 4 * mib}};

  std::uint64_t allocate(DeviceContextId owner, std::uint64_t bytes) {
    const auto address = memory.allocate(owner, bytes);
    EXPECT_TRUE(address.has_value());
    return address.value_or(0);
  }
  std::byte& byte_at(DeviceContextId owner, std::uint64_t address) {
    const auto view = memory.view(owner, address, 1);
    EXPECT_EQ(view.access, Access::ok);
    return view.bytes[0];
  }
};

TEST_F(DeviceMemoryTest, costs_nothing_until_it_is_touched) {
  allocate(one, std::uint64_t{100} << 30);
  EXPECT_EQ(memory.backing_bytes(), 0u);
}

TEST_F(DeviceMemoryTest, answers_that_its_backing_is_used_up) {
  const auto address = allocate(one, 64 * mib);
  EXPECT_EQ(memory.view(one, address, 1).access, Access::no_backing);
}

TEST_F(DeviceMemoryTest, gives_no_view_across_the_end_of_an_allocation) {
  const auto address = allocate(one, 1000);
  EXPECT_EQ(memory.view(one, address + 996, 4).access, Access::ok);
  EXPECT_EQ(memory.view(one, address + 997, 4).access, Access::outside);
}

TEST_F(DeviceMemoryTest, gives_no_view_of_another_context) {
  const auto address = allocate(one, 1000);
  EXPECT_EQ(memory.view(two, address, 1).access, Access::outside);
}

TEST_F(DeviceMemoryTest, reads_untouched_bytes_as_the_fill_pattern) {
  EXPECT_EQ(byte_at(one, allocate(one, 100)), std::byte{0xCD});
}

TEST_F(DeviceMemoryTest, shows_the_last_tenants_bytes_to_the_next) {
  const auto address = allocate(one, 100);
  byte_at(one, address + 7) = std::byte{42};
  EXPECT_TRUE(memory.release(one, address));
  ASSERT_EQ(allocate(two, 100), address);
  EXPECT_EQ(byte_at(two, address + 7), std::byte{42});
}

TEST_F(DeviceMemoryTest, forgets_the_bytes_of_a_context_that_ended) {
  const auto address = allocate(one, 100);
  byte_at(one, address) = std::byte{42};
  EXPECT_EQ(memory.release_all(one), 100u);
  ASSERT_EQ(allocate(two, 100), address);
  EXPECT_EQ(byte_at(two, address), std::byte{0xCD});
}

TEST_F(DeviceMemoryTest, releases_only_the_start_of_ones_own_allocation) {
  const auto address = allocate(one, 1000);
  EXPECT_FALSE(memory.release(two, address));
  EXPECT_FALSE(memory.release(one, address + 512));
  EXPECT_TRUE(memory.release(one, address));
  EXPECT_FALSE(memory.release(one, address));
}

TEST_F(DeviceMemoryTest, fails_while_above_a_fill) {
  memory.limit_fill(8 * mib);
  allocate(one, 10 * mib);
  EXPECT_FALSE(memory.allocate(one, 100));
  memory.limit_fill(std::nullopt);
  EXPECT_TRUE(memory.allocate(one, 100));
}

TEST_F(DeviceMemoryTest, names_the_nearest_allocation) {
  const auto address = allocate(one, 1000);
  EXPECT_THAT(memory.describe(address + 1004), HasSubstr("4 bytes past the end of"));
  EXPECT_THAT(memory.describe(address - 16), HasSubstr("16 bytes before"));
  EXPECT_THAT(memory.describe(address + 3), HasSubstr("3 bytes inside"));
}

TEST_F(DeviceMemoryTest, says_that_an_address_was_freed) {
  const auto address = allocate(one, 1000);
  byte_at(one, address) = std::byte{1};
  memory.release(one, address);
  EXPECT_THAT(memory.describe(address), HasSubstr("freed"));
}

TEST_F(DeviceMemoryTest, counts_what_was_asked_for) {
  allocate(one, 1000);
  allocate(two, 3 * mib);
  EXPECT_EQ(memory.requested_bytes(one), 1000u);
  EXPECT_EQ(memory.requested_bytes(), 1000u + 3 * mib);
}

}  // namespace
}  // namespace thresher::sim
