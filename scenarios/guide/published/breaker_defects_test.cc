// The defects of the guide's CircuitBreakerGrain, each forced by the fault or interleaving that its
// name tells.
#include "thresher/scenarios/guide/published/pattern_test.h"

namespace thresher::scenarios::published {
namespace {

using namespace std::chrono_literals;

class BreakerAsPublished : public PublishedPattern {
 protected:
  BreakerAsPublished() : PublishedPattern{Pattern::breaker} {}

  /// Three requests in a row fail, which opens the circuit of grain `key`.
  static void open(Stage& stage, const std::string& key) {
    for (int i = 0; i < 3; ++i) {
      stage.layer.next(Call::allocate, {fails(Errc::unavailable)});
      EXPECT_FALSE(stage.compute(key));
    }
    EXPECT_EQ(stage.compute(key).error().code, Errc::breaker_open);
  }
};

TEST_F(BreakerAsPublished, calls_the_device_although_closing_the_circuit_answered_no_success) {
  shows(label::call_while_open, [](Stage& stage) {
    open(stage, "a");
    stage.pass(6min);
    stage.cause([&] { stage.layer.next(Call::reset, {no_success()}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(BreakerAsPublished, calls_the_device_although_closing_the_circuit_threw) {
  shows(label::call_while_open, [](Stage& stage) {
    open(stage, "a");
    stage.pass(6min);
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(BreakerAsPublished, lets_another_grain_call_the_device_while_one_grains_circuit_is_open) {
  shows(label::not_per_device, [](Stage& stage) {
    open(stage, "a");
    stage.cause([&] { static_cast<void>(stage.compute("b")); });
  });
}

TEST_F(BreakerAsPublished, opens_the_circuit_of_a_healthy_device_for_three_bad_arguments) {
  shows(label::opened_by_callers_bug, [](Stage& stage) {
    stage.misuse("a");
    stage.misuse("a");
    stage.cause([&] { stage.misuse("a"); });
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(BreakerAsPublished, masks_the_third_error_when_the_aggressive_reset_throws) {
  shows(label::first_error_masked, [](Stage& stage) {
    stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
    open(stage, "a");
  });
}

TEST_F(BreakerAsPublished, half_opens_early_when_the_wall_clock_jumps) {
  shows(label::wall_clock, [](Stage& stage) {
    open(stage, "a");
    stage.pass(1min);
    stage.cause([&] { stage.jump_wall(1h); });
    static_cast<void>(stage.compute("a"));
  });
}

TEST_F(BreakerAsPublished, forgets_that_its_circuit_is_open_when_the_grain_is_deactivated) {
  shows(label::breaker_forgotten, [](Stage& stage) {
    open(stage, "a");
    stage.retire("a");
    stage.pass(10s);
    stage.cause([&] { static_cast<void>(stage.compute("a")); });
    stage.pass(5min);
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(BreakerAsPublished, promises_the_whole_open_time_when_most_of_it_has_passed) {
  shows(label::wrong_retry_time, [](Stage& stage) {
    open(stage, "a");
    stage.cause([&] {
      stage.pass(4min);
      EXPECT_EQ(stage.compute("a").error().code, Errc::breaker_open);
    });
  });
}

TEST_F(BreakerAsPublished, destroys_a_neighbours_buffer_with_its_aggressive_reset) {
  shows(label::neighbour_reset, [](Stage& stage) {
    EXPECT_TRUE(stage.compute("b"));
    EXPECT_TRUE(stage.compute("a"));
    stage.layer.next(Call::execute, {takes(20s)});
    auto neighbour = stage.start("b");
    stage.cause([&] { open(stage, "a"); });
    static_cast<void>(stage.ended(std::move(neighbour)));
  });
}

}  // namespace
}  // namespace thresher::scenarios::published
