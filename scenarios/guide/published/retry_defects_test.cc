// The defects of the guide's ResilientComputeGrain, each forced by the fault or interleaving that
// its name tells.
#include "thresher/scenarios/guide/published/pattern_test.h"

namespace thresher::scenarios::published {
namespace {

using namespace std::chrono_literals;

class RetryAsPublished : public PublishedPattern {
 protected:
  RetryAsPublished() : PublishedPattern{Pattern::retry} {}
};

TEST_F(RetryAsPublished, lets_the_third_exception_out_before_the_full_reset) {
  shows(label::full_never_tried, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.poison(); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(RetryAsPublished, resets_to_context_and_hard_and_no_further_in_three_attempts) {
  plays([](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.layer.poison();
    EXPECT_FALSE(stage.compute("a"));
    EXPECT_EQ(stage.layer.resets(), (std::vector{ResetType::context, ResetType::hard}));
    EXPECT_EQ(stage.layer.calls(Call::allocate), 4u);
  });
}

TEST_F(RetryAsPublished, claims_three_attempts_when_a_reset_answered_no_success_after_the_first) {
  shows(label::wrong_attempt_count, [](Stage& stage) {
    stage.layer.next(Call::execute, {fails(Errc::context_lost)});
    stage.cause([&] { stage.layer.next(Call::reset, {no_success()}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(RetryAsPublished, masks_the_computations_error_when_the_reset_throws) {
  shows(label::first_error_masked, [](Stage& stage) {
    stage.layer.next(Call::execute, {fails(Errc::context_lost)});
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(RetryAsPublished, resets_the_device_for_what_the_callers_own_arguments_caused) {
  shows(label::reset_for_callers_bug, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.misuse("a"); });
  });
}

TEST_F(RetryAsPublished, destroys_a_neighbours_buffer_with_the_reset_after_the_second_attempt) {
  shows(label::neighbour_reset, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("b"));
    stage.layer.next(Call::execute, {takes(2s)});
    auto neighbour = stage.start("a");
    stage.layer.next(Call::allocate, {fails(Errc::unavailable)});
    stage.cause([&] { stage.layer.next(Call::allocate, {fails(Errc::unavailable)}); });
    static_cast<void>(stage.compute("b"));
    static_cast<void>(stage.ended(std::move(neighbour)));
  });
}

TEST_F(RetryAsPublished, never_heals_a_poisoned_process) {
  shows(label::stuck, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.cause([&] { stage.layer.poison(); });
    stage.must_compute("a");
  });
}

}  // namespace
}  // namespace thresher::scenarios::published
