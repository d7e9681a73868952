// CircuitBreaker: what counts, when it opens, and who probes.
#include "thresher/gpu/circuit_breaker.h"

#include "thresher/gpu/layer_test.h"

#include <functional>

namespace thresher::gpu {
namespace {

using runtime::Result;

class BreakerTest : public LayerTest {
 protected:
  template <typename Body>
  void with_breaker(Body body) {
    run([&](Layer& layer) {
      CircuitBreaker breaker{layer.services, {}, {}, [&] {
                               ++probes;
                               layer.pause(2s);
                               return healthy ? Result<void>{} : runtime::fail(Errc::timeout);
                             }};
      body(layer, breaker);
    });
  }
  Result<void> fails(CircuitBreaker& breaker, Errc code) {
    return breaker.run([&]() -> Result<void> {
      ++calls;
      return runtime::fail(code);
    });
  }
  Result<void> succeeds(CircuitBreaker& breaker) {
    return breaker.run([&]() -> Result<void> {
      ++calls;
      return {};
    });
  }
  void open(CircuitBreaker& breaker) {
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(fails(breaker, Errc::timeout).has_value());
    EXPECT_EQ(breaker.state(), BreakerState::open);
  }

  int calls = 0;
  int probes = 0;
  bool healthy = true;
};

TEST_F(BreakerTest, opens_after_three_failures_in_a_row) {
  with_breaker([this](Layer&, CircuitBreaker& breaker) {
    static_cast<void>(fails(breaker, Errc::timeout).has_value());
    static_cast<void>(fails(breaker, Errc::process_lost).has_value());
    EXPECT_TRUE(succeeds(breaker).has_value());
    EXPECT_EQ(breaker.consecutive_failures(), 0u);
    open(breaker);
  });
}

TEST_F(BreakerTest, calls_nothing_while_it_is_open) {
  with_breaker([this](Layer& layer, CircuitBreaker& breaker) {
    open(breaker);
    layer.pause(4min);
    EXPECT_EQ(succeeds(breaker).error().code, Errc::breaker_open);
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(probes, 0);
  });
}

TEST_F(BreakerTest, what_the_caller_brought_about_is_no_failure) {
  with_breaker([this](Layer&, CircuitBreaker& breaker) {
    for (const Errc code : {Errc::cancelled, Errc::caller_bug, Errc::capacity, Errc::refused}) {
      EXPECT_EQ(fails(breaker, code).error().code, code);
    }
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    EXPECT_EQ(breaker.consecutive_failures(), 0u);
  });
}

TEST_F(BreakerTest, sends_one_probe_off_the_callers_turn_and_closes_when_it_passes) {
  with_breaker([this](Layer& layer, CircuitBreaker& breaker) {
    open(breaker);
    layer.pause(5min);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(succeeds(breaker).error().code, Errc::breaker_open);
    EXPECT_EQ(breaker.state(), BreakerState::half_open);
    layer.pause(3s);
    EXPECT_EQ(probes, 1);
    EXPECT_TRUE(succeeds(breaker).has_value());
  });
}

TEST_F(BreakerTest, stays_open_for_another_period_when_the_probe_fails) {
  healthy = false;
  with_breaker([this](Layer& layer, CircuitBreaker& breaker) {
    open(breaker);
    layer.pause(5min);
    EXPECT_FALSE(succeeds(breaker).has_value());
    layer.pause(3s);
    EXPECT_EQ(breaker.state(), BreakerState::open);
    EXPECT_FALSE(succeeds(breaker).has_value());
    EXPECT_EQ(calls, 3);
    EXPECT_EQ(breaker.opened_count(), 2u);
  });
}

TEST_F(BreakerTest, an_operation_of_an_earlier_period_says_nothing_about_the_present_one) {
  with_breaker([this](Layer& layer, CircuitBreaker& breaker) {
    layer.services.scheduler.spawn({.name = "slow"}, [&] {
      EXPECT_FALSE(breaker.run([&]() -> Result<void> {
                            layer.pause(6min);
                            return runtime::fail(Errc::timeout);
                          }).has_value());
    });
    layer.pause(1ms);
    open(breaker);
    layer.pause(5min);
    EXPECT_FALSE(succeeds(breaker).has_value());
    layer.pause(2min);
    EXPECT_EQ(breaker.state(), BreakerState::closed);
    EXPECT_EQ(breaker.consecutive_failures(), 0u);
  });
}

}  // namespace
}  // namespace thresher::gpu
