// MemoryPool over a source that the test writes: sizes, fences, trimming, quarantine, balance.
#include "thresher/gpu/memory_pool.h"

#include <gtest/gtest.h>

#include <set>

namespace thresher::gpu {
namespace {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

/// Memory without a device: a capacity, events that happen when the test says so.
class FakeSource final : public MemorySource {
 public:
  Result<DevicePointer> allocate(std::uint64_t bytes) override {
    ++allocations;
    if (bytes > capacity - used) return fail(Errc::capacity);
    used += bytes;
    next.value += 0x10000000;
    sizes[next] = bytes;
    return next;
  }
  Result<void> release(DevicePointer at) override {
    if (broken) return fail(Errc::timeout);
    used -= sizes.at(at);
    sizes.erase(at);
    return {};
  }
  Result<bool> passed(EventHandle event) override {
    if (broken) return fail(Errc::process_lost);
    return happened.contains(event);
  }
  void recycle(EventHandle event) noexcept override { recycled.insert(event); }

  std::uint64_t capacity = 1 << 20;
  std::uint64_t used = 0;
  int allocations = 0;
  bool broken = false;
  DevicePointer next{};
  std::map<DevicePointer, std::uint64_t> sizes;
  std::set<EventHandle> happened;
  std::set<EventHandle> recycled;
};

class MemoryPoolTest : public testing::Test {
 protected:
  PoolBlock take(std::uint64_t bytes, StreamHandle stream = one) {
    return pool.allocate(source, bytes, stream).value();
  }
  static constexpr StreamHandle one{1};
  static constexpr StreamHandle two{2};
  static constexpr EventHandle event{7};

  FakeSource source;
  MemoryPool pool{MemoryPoolOptions{}};
};

TEST_F(MemoryPoolTest, rounds_sizes_up_to_classes) {
  EXPECT_EQ(pool.block_bytes(1), 512u);
  EXPECT_EQ(pool.block_bytes(513), 1024u);
  EXPECT_EQ(pool.block_bytes(1 << 20), 1u << 20);
  EXPECT_EQ(pool.block_bytes((1 << 20) + 1), 2u << 20);
  EXPECT_EQ(pool.block_bytes((4 << 20) + 1), 6u << 20);
}

TEST_F(MemoryPoolTest, gives_a_block_that_came_back_to_the_next_of_its_size) {
  const PoolBlock first = take(600);
  pool.give_back(first.at, {});
  EXPECT_EQ(take(1000).at, first.at);
  EXPECT_EQ(source.allocations, 1);
  EXPECT_EQ(pool.statistics().hits, 1u);
}

TEST_F(MemoryPoolTest, keeps_a_block_from_other_streams_until_its_last_use_is_over) {
  const PoolBlock first = take(600);
  pool.give_back(first.at, {{one, event}});
  EXPECT_NE(take(600, two).at, first.at);
  source.happened.insert(event);
  EXPECT_EQ(take(600, two).at, first.at);
  EXPECT_TRUE(source.recycled.contains(event));
}

TEST_F(MemoryPoolTest, gives_a_block_to_its_own_stream_at_once) {
  const PoolBlock first = take(600);
  pool.give_back(first.at, {{one, event}});
  EXPECT_EQ(take(600, one).at, first.at);
}

TEST_F(MemoryPoolTest, trims_and_asks_again_when_the_source_is_empty) {
  source.capacity = 4096;
  pool.give_back(take(4096).at, {});
  EXPECT_EQ(take(1024).bytes, 1024u);
  EXPECT_EQ(pool.statistics().cached_bytes, 0u);
  EXPECT_EQ(pool.allocate(source, 8192, one).error().code, Errc::capacity);
}

TEST_F(MemoryPoolTest, trims_only_what_nobody_uses) {
  const PoolBlock busy = take(600);
  const PoolBlock idle = take(600);
  pool.give_back(busy.at, {{one, event}});
  pool.give_back(idle.at, {});
  EXPECT_EQ(pool.trim(source, 0).value(), 1024u);
  EXPECT_EQ(pool.statistics().cached_bytes, 1024u);
}

TEST_F(MemoryPoolTest, counts_a_block_that_could_not_be_released_as_quarantined) {
  pool.give_back(take(600).at, {});
  source.broken = true;
  EXPECT_FALSE(pool.trim(source, 0).has_value());
  EXPECT_EQ(pool.statistics().quarantined_bytes, 1024u);
  EXPECT_EQ(pool.statistics().allocated_bytes, 1024u);
}

TEST_F(MemoryPoolTest, never_gives_a_quarantined_block_again) {
  const PoolBlock bad = take(600);
  EXPECT_EQ(pool.quarantine(bad.at), 1024u);
  EXPECT_NE(take(600).at, bad.at);
  EXPECT_EQ(pool.trim(source, 0).value(), 0u);
}

TEST_F(MemoryPoolTest, forgets_everything_with_its_context) {
  const PoolBlock lost = take(600);
  pool.give_back(take(600).at, {});
  EXPECT_EQ(pool.forget(), 2048u);
  EXPECT_EQ(pool.statistics().allocated_bytes, 0u);
  EXPECT_EQ(pool.statistics().blocks_in_use, 0u);
  EXPECT_NE(take(600).at, lost.at);
}

TEST_F(MemoryPoolTest, tells_what_rounding_costs) {
  take(768);
  EXPECT_EQ(pool.statistics().fragmentation_permille(), 250u);
}

TEST_F(MemoryPoolTest, a_block_given_back_twice_is_a_bug) {
  const PoolBlock block = take(600);
  pool.give_back(block.at, {});
  EXPECT_DEATH(pool.give_back(block.at, {}), "assertion failed");
}

}  // namespace
}  // namespace thresher::gpu
