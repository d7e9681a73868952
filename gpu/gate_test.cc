// Gate: sharing, being alone, fairness both ways, and waits that end early.
#include "thresher/gpu/gate.h"

#include "thresher/gpu/layer_test.h"

#include <string>

namespace thresher::gpu {
namespace {

class GateTest : public testing::Test {
 protected:
  template <typename Body>
  void run(Body body) {
    sim::World world{engine, {}};
    const sim::RunResult result = world.run([&] {
      scheduler = &world.services().scheduler;
      Gate gate{*scheduler, "gate"};
      body(gate);
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.message;
  }
  void pause(runtime::Duration span) { runtime::sleep_for(*scheduler, span).value(); }
  /// Shares the gate from now for `span` in a fiber of its own, and writes `letter` when inside.
  void share(Gate& gate, char letter, runtime::Duration span) {
    scheduler->spawn({.name = "sharer"}, [this, &gate, letter, span] {
      const Gate::Shared inside = gate.enter({}, runtime::no_deadline).value();
      seen += letter;
      pause(span);
    });
  }
  void be_alone(Gate& gate, char letter, runtime::Duration span) {
    scheduler->spawn({.name = "loner"}, [this, &gate, letter, span] {
      Gate::Alone alone{gate};
      alone.acquire({}, runtime::no_deadline).value();
      EXPECT_EQ(gate.shared_count(), 0u);
      seen += letter;
      pause(span);
    });
  }

  sim::Engine engine;
  runtime::Scheduler* scheduler = nullptr;
  std::string seen;
};

TEST_F(GateTest, lets_many_share) {
  run([this](Gate& gate) {
    share(gate, 'a', 2s);
    share(gate, 'b', 2s);
    pause(1s);
    EXPECT_EQ(gate.shared_count(), 2u);
    pause(5s);
    EXPECT_EQ(gate.shared_count(), 0u);
  });
}

TEST_F(GateTest, a_request_to_be_alone_holds_new_calls_back) {
  run([this](Gate& gate) {
    share(gate, 'a', 2s);
    pause(1s);
    be_alone(gate, 'X', 1s);
    pause(100ms);
    share(gate, 'b', 1s);
    pause(10s);
    EXPECT_EQ(seen, "aXb");
  });
}

TEST_F(GateTest, calls_that_waited_go_in_before_the_next_one_alone) {
  run([this](Gate& gate) {
    be_alone(gate, 'X', 2s);
    pause(1s);
    be_alone(gate, 'Y', 1s);
    share(gate, 'a', 1s);
    pause(10s);
    EXPECT_EQ(seen, "XaY");
  });
}

TEST_F(GateTest, a_request_that_times_out_lets_the_calls_behind_it_go_on) {
  run([this](Gate& gate) {
    share(gate, 'a', 5s);
    pause(1s);
    scheduler->spawn({.name = "impatient"}, [&] {
      Gate::Alone alone{gate};
      EXPECT_EQ(alone.acquire({}, scheduler->now() + 1s).error().code, Errc::timeout);
    });
    pause(100ms);
    share(gate, 'b', 1s);
    pause(1s);
    EXPECT_EQ(seen, "ab");
    pause(10s);
  });
}

TEST_F(GateTest, a_call_that_waits_ends_at_its_deadline) {
  run([this](Gate& gate) {
    be_alone(gate, 'X', 5s);
    pause(1s);
    EXPECT_EQ(gate.enter({}, scheduler->now() + 1s).error().code, Errc::timeout);
    pause(10s);
    EXPECT_TRUE(gate.enter({}, runtime::no_deadline).has_value());
  });
}

TEST_F(GateTest, announcing_alone_does_not_wait_and_withdrawing_opens_it_again) {
  run([this](Gate& gate) {
    {
      const Gate::Alone announced{gate};
      share(gate, 'a', 1s);
      pause(1s);
      EXPECT_EQ(seen, "");
    }
    pause(2s);
    EXPECT_EQ(seen, "a");
  });
}

}  // namespace
}  // namespace thresher::gpu
