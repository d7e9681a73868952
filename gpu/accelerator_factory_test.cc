// AcceleratorFactory: kinds, devices, policies and what a lost device costs.
#include "thresher/gpu/accelerator_factory.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

class FactoryTest : public LayerTest {
 protected:
  FactoryTest() { devices = 2; }
};

TEST_F(FactoryTest, counts_the_devices_of_a_kind_that_is_there) {
  run([](Layer& layer) {
    EXPECT_EQ(layer.factory->device_count().value(), 2u);
    EXPECT_EQ(layer.factory->device_count(AcceleratorKind::metal).error().code,
              Errc::unsupported);
  });
}

TEST_F(FactoryTest, answers_unsupported_for_a_kind_that_is_not_there) {
  run([](Layer& layer) {
    EXPECT_EQ(layer.factory->create(AcceleratorKind::opencl).error().code, Errc::unsupported);
  });
}

TEST_F(FactoryTest, answers_not_found_for_a_device_that_is_not_there) {
  run([](Layer& layer) {
    EXPECT_EQ(layer.factory->create(AcceleratorKind::cuda, DeviceOrdinal{2}).error().code,
              Errc::not_found);
  });
}

TEST_F(FactoryTest, spreads_accelerators_over_the_devices) {
  run([](Layer& layer) {
    const auto one = layer.factory->create(AcceleratorKind::cuda).value();
    const auto two = layer.factory->create(AcceleratorKind::cuda).value();
    EXPECT_EQ(one->device(), DeviceOrdinal{0});
    EXPECT_EQ(two->device(), DeviceOrdinal{1});
    one->dispose().value();
    two->dispose().value();
  });
}

TEST_F(FactoryTest, goes_round_a_quarantined_device) {
  run([](Layer& layer) {
    const auto lost = layer.create(DeviceOrdinal{0});
    lost->quarantine_device();
    EXPECT_EQ(lost->usable().error().code, Errc::quarantined);
    const auto other = layer.factory->create(AcceleratorKind::cuda).value();
    EXPECT_EQ(other->device(), DeviceOrdinal{1});
    EXPECT_EQ(layer.factory->create(AcceleratorKind::cuda, DeviceOrdinal{0}).error().code,
              Errc::quarantined);
    other->dispose().value();
    lost->dispose().value();
  });
}

TEST_F(FactoryTest, starts_a_new_process_when_it_finds_a_poisoned_one) {
  run([](Layer& layer) {
    const auto poisoned = layer.create(DeviceOrdinal{0});
    const auto touched = layer.fault(*poisoned, DriverResult::illegal_address);
    EXPECT_FALSE(poisoned->synchronize().has_value());
    const auto fresh = layer.create(DeviceOrdinal{0});
    EXPECT_TRUE(layer.computes(*fresh).value());
    EXPECT_EQ(layer.host.kills, 1u);
    fresh->dispose().value();
    poisoned->dispose().value();
  });
}

TEST_F(FactoryTest, passes_on_why_a_process_did_not_start_and_starts_it_the_next_time) {
  run([](Layer& layer) {
    layer.host.start_error = Errc::unavailable;
    EXPECT_EQ(layer.factory->create(AcceleratorKind::cuda).error().code, Errc::unavailable);
    layer.host.start_error.reset();
    const auto accelerator = layer.factory->create(AcceleratorKind::cuda).value();
    accelerator->dispose().value();
  });
}

// Found by guide/circuit_breaker, seed 0x94, pct:d=3,k=1055: the accelerator of before was usable
// in name and had no context.
TEST_F(FactoryTest, tells_accelerators_that_a_full_without_a_new_process_took_their_context) {
  run([](Layer& layer) {
    const auto before = layer.create();
    layer.host.start_error = Errc::unavailable;
    EXPECT_FALSE(before->reset(ResetOptions::Full).value().success);
    layer.host.start_error.reset();
    const auto after = layer.create();
    EXPECT_EQ(layer.computes(*before).error().code, Errc::context_lost);
    EXPECT_TRUE(before->reset(ResetOptions::Hard).value().success);
    EXPECT_TRUE(layer.computes(*before).value());
    after->dispose().value();
    before->dispose().value();
  });
}

// Found by guide/retry_with_progressive_reset_as_published, seed 1, pct:d=1,k=1000.
TEST_F(FactoryTest, makes_a_new_shared_context_when_the_old_one_was_taken_down) {
  options.shared_context = true;
  run([](Layer& layer) {
    const auto first = layer.create();
    ResetOptions last = ResetOptions::Hard;
    last.reinitialize = false;
    EXPECT_TRUE(first->reset(last).value().success);
    const auto second = layer.create();
    EXPECT_TRUE(layer.computes(*second).value());
    second->dispose().value();
    first->dispose().value();
  });
}

}  // namespace
}  // namespace thresher::gpu
