// The trace hash sees what crosses the driver's seam: calls, codes, bytes in both directions.
#include "thresher/sim/device/hashing_driver.h"

#include "thresher/sim/device/driver_fixture.h"

namespace thresher::sim {
namespace {

struct HashingDriverTest : DriverFixture {
  /// The trace hash of writing `sent`.
  std::uint64_t hash_of(std::uint32_t sent) {
    return run([&] {
             HashingDriver hashing{*driver, *world};
             const auto at = hashing.memory_allocate(context, 4).value();
             const auto from = std::as_bytes(std::span{&sent, 1});
             EXPECT_TRUE(hashing.copy_to_device(context, at, from, stream).ok());
           })
        .trace_hash;
  }
};

TEST_F(HashingDriverTest, gives_equal_runs_equal_hashes) {
  EXPECT_EQ(hash_of(1), hash_of(1));
}

TEST_F(HashingDriverTest, sees_what_is_sent) {
  EXPECT_NE(hash_of(1), hash_of(2));
}

TEST_F(HashingDriverTest, sees_what_a_copy_brings_back) {
  const auto seen = [&](std::uint32_t value) {
    return run([&] {
             HashingTap tap{*world};
             machine->set_tap(&tap);
             std::uint32_t back = 0;
             const auto at = words(1);
             EXPECT_EQ(fill(at, 1, value), R::success);
             const auto to = std::as_writable_bytes(std::span{&back, 1});
             EXPECT_TRUE(driver->copy_to_host(context, to, at, stream).ok());
             machine->set_tap(nullptr);
           })
        .trace_hash;
  };
  EXPECT_EQ(seen(1), seen(1));
  EXPECT_NE(seen(1), seen(2));
}

TEST_F(HashingDriverTest, sees_a_result_code) {
  const auto hash_after = [&](std::uint64_t bytes) {
    return run([&] {
             HashingDriver hashing{*driver, *world};
             static_cast<void>(hashing.memory_allocate(context, bytes));
           })
        .trace_hash;
  };
  EXPECT_NE(hash_after(4), hash_after(std::uint64_t{1} << 40));
}

}  // namespace
}  // namespace thresher::sim
