// Carriers alone, under a tiny client that runs what it is told in the order it is told.
#include "thresher/runtime/carrier/carriers.h"

#include <gtest/gtest.h>

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

class Client final : public CarrierClient {
 public:
  Carrier* run(Carrier& self) noexcept override {
    (*static_cast<std::function<void()>*>(self.user))();
    return nullptr;
  }
  const char* running_name() const noexcept override { return "deep"; }
};

class CarriersTest : public testing::Test {
 protected:
  // Starts `body` on a carrier and comes back when it ends or goes to the main context.
  Carrier& start(std::function<void()>& body) {
    Carrier& carrier = carriers.take();
    carrier.user = &body;
    carriers.go(&carrier);
    return carrier;
  }

  Client client;
  Carriers carriers{client};
};

TEST_F(CarriersTest, reuses_one_carrier_for_bodies_that_follow_each_other) {
  int ran = 0;
  std::function<void()> body = [&] { ++ran; };
  for (int i = 0; i < 100; ++i) start(body);
  EXPECT_EQ(ran, 100);
  EXPECT_EQ(carriers.made(), 1u);
}

TEST_F(CarriersTest, comes_back_to_where_a_body_left) {
  std::string seen;
  std::function<void()> body = [&] {
    seen += "a";
    carriers.go(nullptr);
    seen += "c";
  };
  Carrier& carrier = start(body);
  seen += "b";
  carriers.go(&carrier);
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(carriers.idle(), 1u);
}

// Two bodies throw, go away inside their handlers and rethrow in the other order.
TEST_F(CarriersTest, keeps_caught_exceptions_apart) {
  std::vector<std::string> seen;
  const auto body_of = [&](std::string text) {
    return [&, text] {
      try {
        try {
          throw text;
        } catch (const std::string&) {
          carriers.go(nullptr);
          throw;
        }
      } catch (const std::string& caught) {
        carriers.go(nullptr);
        seen.push_back(caught);
      }
    };
  };
  std::function<void()> first = body_of("first");
  std::function<void()> second = body_of("second");
  Carrier& a = start(first);
  Carrier& b = start(second);
  EXPECT_EQ(std::current_exception(), nullptr);
  for (Carrier* carrier : {&a, &b, &b, &a}) carriers.go(carrier);
  EXPECT_EQ(seen, (std::vector<std::string>{"second", "first"}));
}

TEST_F(CarriersTest, ends_idle_carriers_when_trimmed_and_makes_new_ones_later) {
  std::function<void()> wait = [&] { carriers.go(nullptr); };
  for (int round = 0; round < 3; ++round) {
    std::vector<Carrier*> parked;
    for (int i = 0; i < 32; ++i) parked.push_back(&start(wait));
    for (Carrier* carrier : parked) carriers.go(carrier);
    carriers.trim(0);
    EXPECT_EQ(carriers.made(), 0u);
  }
}

TEST_F(CarriersTest, ends_although_a_carrier_was_abandoned) {
  std::function<void()> stuck = [&] {
    carriers.abandon(*carriers.running());
    carriers.go(nullptr);
  };
  start(stuck);
  EXPECT_EQ(carriers.abandoned(), 1u);
}

TEST(Carriers, can_take_a_thread_over_again_and_again) {
  for (int i = 0; i < 3; ++i) {
    Client client;
    Carriers carriers{client};
    bool ran = false;
    std::function<void()> body = [&] { ran = true; };
    Carrier& carrier = carriers.take();
    carrier.user = &body;
    carriers.go(&carrier);
    EXPECT_TRUE(ran);
  }
}

// Not a tail call, and each frame is used after the call.
[[gnu::noinline]] std::uint64_t dive(std::uint64_t depth) {
  volatile std::uint64_t frame[64] = {depth};
  return depth == 0 ? frame[0] : dive(depth - 1) + frame[depth % 64];
}

using CarriersDeathTest = CarriersTest;

TEST_F(CarriersDeathTest, names_the_fiber_whose_stack_overflows) {
  std::function<void()> deep = [&] { dive(1'000'000); };
  EXPECT_EXIT(start(deep), testing::ExitedWithCode(4), "stack overflow in fiber 'deep'");
}

}  // namespace
}  // namespace thresher::runtime
