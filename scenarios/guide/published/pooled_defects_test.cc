// The defects of the guide's AcceleratorPool and its grain (strategy 2), each forced by the fault
// or interleaving that its name tells.
#include "thresher/scenarios/guide/published/pattern_test.h"

namespace thresher::scenarios::published {
namespace {

using namespace std::chrono_literals;

class PooledAsPublished : public PublishedPattern {
 protected:
  PooledAsPublished() : PublishedPattern{Pattern::pooled} {}
};

TEST_F(PooledAsPublished, loses_a_slot_when_the_creation_throws) {
  shows(label::slot_lost, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::create, {fails(Errc::unavailable)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(PooledAsPublished, loses_a_slot_when_the_reset_before_reuse_throws) {
  shows(label::slot_lost, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.retire("a");
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    static_cast<void>(stage.compute("b"));
  });
}

TEST_F(PooledAsPublished, loses_a_slot_when_the_reset_before_reuse_outlasts_the_activation) {
  shows(label::slot_lost, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.retire("a");
    stage.cause([&] { stage.layer.next(Call::reset, {takes(31s)}); });
    static_cast<void>(stage.compute("b"));
    stage.pass(10s);
  });
}

TEST_F(PooledAsPublished, answers_nobody_any_more_once_every_slot_is_lost) {
  plays([](Stage& stage) {
    stage.layer.next(Call::create, {fails(Errc::unavailable)});
    EXPECT_FALSE(stage.compute("a"));
    stage.pass(10s);
    EXPECT_FALSE(stage.compute("a"));
    EXPECT_EQ(stage.layer.calls(Call::create), 1u);
  });
}

TEST_F(PooledAsPublished, loses_an_accelerator_when_the_reset_on_return_throws) {
  shows(label::accelerator_lost, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    stage.retire("a");
  });
}

TEST_F(PooledAsPublished, loses_an_accelerator_when_the_reset_before_reuse_throws) {
  shows(label::accelerator_lost, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.retire("a");
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    static_cast<void>(stage.compute("b"));
  });
}

TEST_F(PooledAsPublished, makes_one_more_than_its_maximum_after_it_dropped_one) {
  shows(label::size_exceeded, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    stage.retire("a");
    EXPECT_TRUE(stage.compute("b"));
  });
}

TEST_F(PooledAsPublished, hands_out_an_accelerator_whose_reset_before_reuse_answered_no_success) {
  shows(label::unhealthy_hand_out, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.retire("a");
    stage.cause([&] { stage.layer.next(Call::reset, {no_success()}); });
    static_cast<void>(stage.compute("b"));
  });
}

TEST_F(PooledAsPublished, puts_an_accelerator_back_whose_reset_on_return_answered_no_success) {
  plays([](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.layer.next(Call::reset, {no_success()});
    stage.retire("a");
    EXPECT_EQ(stage.pool->idle(), 1u);
  });
}

TEST_F(PooledAsPublished, leaks_the_buffer_when_the_kernel_fails_between_allocate_and_dispose) {
  shows(label::buffer_leaked, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::execute, {fails(Errc::context_lost)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(PooledAsPublished, never_disposes_what_lies_idle_in_it_at_shutdown) {
  shows(label::pool_never_closed, [](Stage& stage) {
    stage.cause([&] { EXPECT_TRUE(stage.compute("a")); });
    stage.retire("a");
  });
}

}  // namespace
}  // namespace thresher::scenarios::published
