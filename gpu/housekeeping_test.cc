// Housekeeping: periodic resets and the check of memory.
#include "thresher/gpu/housekeeping.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

class HousekeepingTest : public LayerTest {
 protected:
  template <typename Body>
  void with_accelerator(Body body) {
    run([&](Layer& layer) {
      const auto accelerator = layer.create();
      body(layer, *accelerator);
      accelerator->dispose().value();
    });
  }
  HousekeepingOptions house;
};

TEST_F(HousekeepingTest, resets_every_thousandth_operation_by_default) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    PeriodicReset periodic{layer.services, house};
    for (int i = 0; i < 999; ++i) EXPECT_FALSE(periodic.after_success(accelerator));
    EXPECT_TRUE(periodic.after_success(accelerator));
    EXPECT_EQ(layer.faults.resets, std::vector{ResetType::soft});
  });
}

TEST_F(HousekeepingTest, a_failed_periodic_reset_is_no_failure) {
  house.operations_per_reset = 1;
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    PeriodicReset periodic{layer.services, house};
    layer.faults.reset = {LayerFault::error};
    EXPECT_FALSE(periodic.after_success(accelerator));
    EXPECT_TRUE(periodic.after_success(accelerator));
  });
}

TEST_F(HousekeepingTest, memory_that_is_there_is_enough) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    EXPECT_TRUE(ensure_memory(layer.services, accelerator, 10 << 20).has_value());
    EXPECT_TRUE(layer.faults.resets.empty());
  });
}

TEST_F(HousekeepingTest, memory_in_use_by_its_owner_is_not_taken) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    auto mine = accelerator.allocate<std::byte>(60 << 20).value();
    EXPECT_EQ(ensure_memory(layer.services, accelerator, 60 << 20).error().code, Errc::capacity);
    std::byte one{};
    EXPECT_TRUE(mine.copy_to({&one, 1}).has_value());
  });
}

TEST_F(HousekeepingTest, memory_without_margin_still_serves) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    EXPECT_TRUE(ensure_memory(layer.services, accelerator, 80 << 20).has_value());
  });
}

}  // namespace
}  // namespace thresher::gpu
