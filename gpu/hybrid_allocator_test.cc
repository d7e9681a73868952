// HybridAllocator: whole devices for high priority, and a typed answer when none is left.
#include "thresher/gpu/hybrid_allocator.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

class HybridTest : public LayerTest {
 protected:
  HybridTest() { devices = 2; }
  template <typename Body>
  void with_allocator(Body body) {
    run([&](Layer& layer) {
      HybridOptions hybrid;
      hybrid.exclusive_devices = {{1}};
      hybrid.pool.size = 2;
      HybridAllocator allocator{*layer.factory, hybrid};
      body(layer, allocator);
      EXPECT_TRUE(allocator.close(layer.within(60s)).has_value());
    });
  }
};

TEST_F(HybridTest, gives_high_priority_a_device_that_the_pool_never_uses) {
  with_allocator([](Layer&, HybridAllocator& allocator) {
    const Lease high = allocator.acquire(Priority::high).value();
    const Lease one = allocator.acquire(Priority::normal).value();
    const Lease two = allocator.acquire(Priority::normal).value();
    EXPECT_EQ(high->device(), DeviceOrdinal{1});
    EXPECT_EQ(one->device(), DeviceOrdinal{0});
    EXPECT_EQ(two->device(), DeviceOrdinal{0});
  });
}

TEST_F(HybridTest, answers_capacity_at_once_when_no_exclusive_device_is_left) {
  with_allocator([](Layer& layer, HybridAllocator& allocator) {
    const Lease high = allocator.acquire(Priority::high).value();
    const auto start = layer.services.scheduler.now();
    EXPECT_EQ(allocator.acquire(Priority::high).error().code, Errc::capacity);
    EXPECT_EQ(layer.services.scheduler.now(), start);
  });
}

TEST_F(HybridTest, gives_an_exclusive_device_to_the_next_after_its_return) {
  with_allocator([](Layer& layer, HybridAllocator& allocator) {
    { const Lease high = allocator.acquire(Priority::high).value(); }
    layer.pause(5s);
    EXPECT_TRUE(allocator.acquire(Priority::high).has_value());
  });
}

}  // namespace
}  // namespace thresher::gpu
