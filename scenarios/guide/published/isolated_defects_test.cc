// The defects of the Quick Start's grain (strategy 1), each forced by the fault or interleaving
// that its name tells.
#include "thresher/scenarios/guide/published/pattern_test.h"

namespace thresher::scenarios::published {
namespace {

using namespace std::chrono_literals;

class IsolatedAsPublished : public PublishedPattern {
 protected:
  IsolatedAsPublished() : PublishedPattern{Pattern::isolated} {}
};

TEST_F(IsolatedAsPublished, masks_the_first_error_when_the_reset_inside_the_catch_block_throws) {
  shows(label::first_error_masked, [](Stage& stage) {
    stage.layer.next(Call::execute, {fails(Errc::context_lost)});
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    EXPECT_FALSE(stage.compute("a"));
  });
}

TEST_F(IsolatedAsPublished, leaks_the_buffer_when_the_kernel_fails_between_allocate_and_dispose) {
  shows(label::buffer_leaked, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::execute, {fails(Errc::context_lost)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(IsolatedAsPublished, leaks_the_accelerator_when_the_reset_on_deactivation_throws) {
  shows(label::accelerator_leaked, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    stage.retire("a");
  });
}

TEST_F(IsolatedAsPublished, leaks_the_accelerator_when_a_request_outlasts_its_deactivation) {
  shows(label::accelerator_leaked, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.next(Call::execute, {takes(40s)}); });
    auto request = stage.start("a");
    stage.retire("a");
    static_cast<void>(stage.ended(std::move(request)));
  });
}

TEST_F(IsolatedAsPublished, leaks_the_accelerator_when_creating_it_outlasts_the_activation) {
  shows(label::accelerator_leaked, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::create, {takes(31s)}); });
    static_cast<void>(stage.compute("a"));
    stage.pass(10s);
  });
}

TEST_F(IsolatedAsPublished, destroys_a_neighbours_buffer_when_out_of_memory_resets_the_device) {
  shows(label::neighbour_reset, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("b"));
    stage.layer.next(Call::execute, {takes(2s)});
    auto neighbour = stage.start("a");
    stage.cause([&] { stage.layer.next(Call::allocate, {fails(Errc::capacity)}); });
    static_cast<void>(stage.compute("b"));
    static_cast<void>(stage.ended(std::move(neighbour)));
  });
}

TEST_F(IsolatedAsPublished, destroys_a_neighbours_buffer_when_a_caller_resets_the_device) {
  shows(label::neighbour_reset, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("b"));
    stage.layer.next(Call::execute, {takes(2s)});
    auto neighbour = stage.start("a");
    stage.cause([&] { EXPECT_TRUE(stage.reset_device("b")); });
    static_cast<void>(stage.ended(std::move(neighbour)));
  });
}

TEST_F(IsolatedAsPublished, computes_on_after_the_recovery_answered_no_success) {
  shows(label::unhealthy_use, [](Stage& stage) {
    stage.layer.next(Call::execute, {fails(Errc::context_lost)});
    stage.cause([&] { stage.layer.next(Call::reset, {no_success()}); });
    EXPECT_FALSE(stage.compute("a"));
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(IsolatedAsPublished, reports_a_reset_as_completed_that_left_the_accelerator_uninitialised) {
  shows(label::left_uninitialised, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.reset_device("a"); });
  });
}

TEST_F(IsolatedAsPublished, stays_active_without_an_accelerator_after_a_caller_reset_the_device) {
  plays([](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    EXPECT_TRUE(stage.reset_device("a"));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(stage.compute("a").error().code, Errc::uninitialised);
      stage.pass(10min);
    }
  });
}

TEST_F(IsolatedAsPublished, throws_a_result_away_when_giving_back_the_buffer_throws) {
  shows(label::success_discarded, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::free, {fails(Errc::context_lost)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(IsolatedAsPublished, never_heals_a_poisoned_process_with_the_soft_reset_that_it_picks) {
  shows(label::stuck, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.poison(); });
    stage.must_compute("a");
  });
}

}  // namespace
}  // namespace thresher::scenarios::published
