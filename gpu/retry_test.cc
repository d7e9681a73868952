// Retries: what is repeated, after which reset, and whose error is seen.
#include "thresher/gpu/retry.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

using runtime::Result;

class RetryTest : public LayerTest {
 protected:
  template <typename Body>
  void with_accelerator(Body body) {
    run([&](Layer& layer) {
      const auto accelerator = layer.create();
      body(layer, *accelerator);
      static_cast<void>(accelerator->dispose(layer.within(10s)).has_value());
    });
  }
  /// Fails with `code` for the first `failures` calls.
  Result<int> attempt(Layer& layer, Accelerator& accelerator, int failures, Errc code) {
    return retry_with_progressive_reset(layer.services, accelerator, retry, call,
                                        [&](Accelerator&) -> Result<int> {
                                          if (++calls <= failures) return runtime::fail(code);
                                          return calls;
                                        });
  }
  RetryOptions retry;
  CallOptions call;
  int calls = 0;
};

TEST(RetryOptions, back_off_is_the_guides) {
  const RetryOptions options;
  EXPECT_EQ(options.attempts_max, 3u);
  EXPECT_EQ(backoff(options, 1), 200ms);
  EXPECT_EQ(backoff(options, 2), 400ms);
  EXPECT_EQ(backoff(options, 60), options.delay_max);
  EXPECT_EQ(progressive_level(1), ResetType::context);
  EXPECT_EQ(progressive_level(2), ResetType::hard);
  EXPECT_EQ(progressive_level(3), ResetType::full);
}

TEST_F(RetryTest, gives_the_first_success) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    EXPECT_EQ(attempt(layer, accelerator, 0, Errc::timeout).value(), 1);
    EXPECT_TRUE(layer.faults.resets.empty());
  });
}

TEST_F(RetryTest, reaches_the_full_reset_when_it_may_try_often_enough) {
  retry.attempts_max = 4;
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    EXPECT_EQ(attempt(layer, accelerator, 3, Errc::timeout).value(), 4);
    EXPECT_EQ(layer.faults.resets,
              (std::vector{ResetType::context, ResetType::hard, ResetType::full}));
  });
}

TEST_F(RetryTest, resets_nothing_for_capacity_and_waits_instead) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    const auto start = layer.services.scheduler.now();
    EXPECT_EQ(attempt(layer, accelerator, 3, Errc::capacity).error().code, Errc::capacity);
    EXPECT_TRUE(layer.faults.resets.empty());
    EXPECT_EQ(layer.services.scheduler.now() - start, 600ms);
  });
}

TEST_F(RetryTest, repeats_nothing_for_a_callers_bug_or_a_cancellation) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    EXPECT_FALSE(attempt(layer, accelerator, 3, Errc::caller_bug).has_value());
    EXPECT_FALSE(attempt(layer, accelerator, 3, Errc::cancelled).has_value());
    EXPECT_EQ(calls, 2);
  });
}

TEST_F(RetryTest, the_caller_sees_the_operations_error_also_when_the_reset_failed) {
  options.recovery.full_attempts_max = 1;
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    layer.faults.reset.assign(8, LayerFault::error);
    EXPECT_EQ(attempt(layer, accelerator, 3, Errc::process_lost).error().code,
              Errc::process_lost);
    EXPECT_EQ(calls, 1);
  });
}

TEST_F(RetryTest, stops_when_the_pause_would_pass_the_deadline) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    call = layer.within(250ms);
    EXPECT_FALSE(attempt(layer, accelerator, 3, Errc::capacity).has_value());
    EXPECT_EQ(calls, 2);
  });
}

TEST_F(RetryTest, computes_after_a_fault_of_the_device) {
  with_accelerator([this](Layer& layer, Accelerator& accelerator) {
    const auto touched = layer.fault(accelerator, DriverResult::illegal_address);
    const auto result =
        retry_with_progressive_reset(layer.services, accelerator, retry, call,
                                     [&](Accelerator& each) { return layer.computes(each); });
    EXPECT_TRUE(result.value());
    EXPECT_EQ(layer.faults.resets, std::vector{ResetType::full});
  });
}

}  // namespace
}  // namespace thresher::gpu
