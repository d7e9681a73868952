// The address space: first fit, reuse, fragmentation, and a model of it under random use.
#include "thresher/sim/device/address_space.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <vector>

namespace thresher::sim {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t base = std::uint64_t{1} << 40;

AddressSpace space_of(std::uint64_t pages) {
  return AddressSpace{base, pages * AddressSpace::page_bytes};
}

TEST(AddressSpace, gives_a_freed_address_to_the_next_request_that_fits) {
  AddressSpace space = space_of(4);
  const auto first = space.allocate(2 * mib);
  const auto second = space.allocate(2 * mib);
  ASSERT_TRUE(first && second);
  space.release(*first);
  EXPECT_EQ(space.allocate(2 * mib), first);
}

TEST(AddressSpace, puts_small_requests_into_one_page) {
  AddressSpace space = space_of(2);
  const auto first = space.allocate(100);
  const auto second = space.allocate(100);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(*second - *first, AddressSpace::grain_bytes);
  EXPECT_EQ(space.free_bytes(), AddressSpace::page_bytes);
}

TEST(AddressSpace, gives_the_page_back_when_its_last_small_block_is_freed) {
  AddressSpace space = space_of(1);
  const auto small = space.allocate(100);
  ASSERT_TRUE(small);
  EXPECT_FALSE(space.allocate(2 * mib));
  space.release(*small);
  EXPECT_TRUE(space.allocate(2 * mib));
}

TEST(AddressSpace, fails_by_fragmentation_though_enough_is_free) {
  AddressSpace space = space_of(4);
  std::vector<std::uint64_t> pages;
  for (int page = 0; page < 4; ++page) pages.push_back(*space.allocate(2 * mib));
  space.release(pages[0]);
  space.release(pages[2]);
  EXPECT_EQ(space.free_bytes(), 4 * mib);
  EXPECT_FALSE(space.allocate(4 * mib));
  EXPECT_TRUE(space.allocate(2 * mib));
}

TEST(AddressSpace, merges_neighbours_that_are_freed_in_any_order) {
  AddressSpace space = space_of(3);
  std::vector<std::uint64_t> pages;
  for (int page = 0; page < 3; ++page) pages.push_back(*space.allocate(2 * mib));
  space.release(pages[2]);
  space.release(pages[0]);
  space.release(pages[1]);
  EXPECT_EQ(space.largest_free_bytes(), 6 * mib);
}

TEST(AddressSpace, is_fragmented_on_request_and_mended) {
  AddressSpace space = space_of(64);
  EXPECT_GT(space.fragment(8 * mib), 0u);
  EXPECT_EQ(space.largest_free_bytes(), 8 * mib);
  EXPECT_FALSE(space.allocate(16 * mib));
  space.mend();
  EXPECT_TRUE(space.allocate(16 * mib));
}

TEST(AddressSpace, refuses_more_than_there_is) {
  AddressSpace space = space_of(2);
  EXPECT_FALSE(space.allocate(6 * mib));
  EXPECT_FALSE(space.allocate(~std::uint64_t{0}));
}

RC_GTEST_PROP(AddressSpace, never_gives_a_byte_twice_and_loses_none, ()) {
  AddressSpace space = space_of(16);
  std::map<std::uint64_t, std::uint64_t> live;
  const auto steps = *rc::gen::container<std::vector<std::uint32_t>>(
      rc::gen::inRange<std::uint32_t>(0, 6 * static_cast<std::uint32_t>(mib)));
  for (const std::uint32_t step : steps) {
    if (step % 3 == 0 && !live.empty()) {
      auto victim = live.lower_bound(base + step);
      if (victim == live.end()) victim = live.begin();
      space.release(victim->first);
      live.erase(victim);
      continue;
    }
    const auto address = space.allocate(step + 1);
    if (!address) continue;
    const auto after = live.lower_bound(*address);
    const bool clear_above = after == live.end() || *address + step + 1 <= after->first;
    const bool clear_below =
        after == live.begin() || std::prev(after)->first + std::prev(after)->second <= *address;
    RC_ASSERT(clear_above);
    RC_ASSERT(clear_below);
    live.emplace(*address, step + 1);
  }
  for (const auto& [address, bytes] : live) space.release(address);
  RC_ASSERT(space.free_bytes() == space.total_bytes());
  RC_ASSERT(space.largest_free_bytes() == space.total_bytes());
}

}  // namespace
}  // namespace thresher::sim
