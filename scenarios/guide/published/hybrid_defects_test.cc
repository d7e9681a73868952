// The defects of the guide's SmartComputeGrain (strategy 3), each forced by the fault or
// interleaving that its name tells. Keys that begin with "high" are of high priority.
#include "thresher/scenarios/guide/published/pattern_test.h"

namespace thresher::scenarios::published {
namespace {

using namespace std::chrono_literals;

class HybridAsPublished : public PublishedPattern {
 protected:
  HybridAsPublished() : PublishedPattern{Pattern::hybrid} {}
};

TEST_F(HybridAsPublished, gives_two_high_priority_grains_the_same_device) {
  shows(label::exclusive_shared, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("high0"));
    stage.cause([&] { EXPECT_TRUE(stage.compute("high1")); });
  });
}

TEST_F(HybridAsPublished, gives_a_high_priority_grain_a_device_of_the_pool) {
  shows(label::exclusive_shared, [](Stage& stage) {
    stage.layer.next(Call::create, {on_device(0)});
    EXPECT_TRUE(stage.compute("a"));
    std::uint32_t device = 1;
    stage.cause([&] { device = 0; });
    stage.layer.next(Call::create, {on_device(device)});
    EXPECT_TRUE(stage.compute("high0"));
  });
}

TEST_F(HybridAsPublished, resets_the_device_under_a_pooled_grain_when_one_of_high_priority_goes) {
  shows(label::neighbour_reset, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("high0"));
    stage.layer.next(Call::execute, {takes(2s)});
    auto pooled = stage.start("a");
    stage.cause([&] { stage.retire("high0"); });
    static_cast<void>(stage.ended(std::move(pooled)));
  });
}

TEST_F(HybridAsPublished, leaks_the_accelerator_when_the_complete_cleanup_throws) {
  shows(label::accelerator_leaked, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("high0"));
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    stage.retire("high0");
  });
}

TEST_F(HybridAsPublished, loses_a_slot_of_its_pool_when_the_creation_throws) {
  shows(label::slot_lost, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::create, {fails(Errc::unavailable)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(HybridAsPublished, loses_no_slot_of_its_pool_when_a_dedicated_creation_throws) {
  const auto result = tell(label::slot_lost, [](Stage& stage) {
    stage.layer.next(Call::create, {fails(Errc::unavailable)});
    EXPECT_FALSE(stage.compute("high0"));
  }, true);
  EXPECT_EQ(result.verdict, sim::Verdict::survived);
}

TEST_F(HybridAsPublished, leaks_the_buffer_when_the_kernel_fails_between_allocate_and_dispose) {
  shows(label::buffer_leaked, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::execute, {fails(Errc::context_lost)}); });
    static_cast<void>(stage.compute("high0"));
  });
}

}  // namespace
}  // namespace thresher::scenarios::published
