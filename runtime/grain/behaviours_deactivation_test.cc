// Behaviours 7 to 15 of the runtime's reference, as far as one silo goes: deactivation, zombies,
// collection, and the end of the silo. Each test carries the number and the sentence.
#include "thresher/runtime/grain/grain_world_test.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

class DeactivationBehaviours : public SiloTest {
 protected:
  using Adding = CallFuture<std::int64_t>;
  using Working = CallFuture<std::string>;

  /// 100 increments with a deactivation in between; says how many gave a result.
  int stress(std::string_view type) {
    std::vector<Adding> calls;
    for (int i = 0; i < 100; ++i) {
      calls.push_back(grain("a", type).start(ITest::add, 1));
      if (i % 25 == 10) static_cast<void>(grain("a", type).start(ITest::deactivate));
    }
    int succeeded = 0;
    for (Adding& call : calls) succeeded += call.take().has_value() ? 1 : 0;
    return succeeded;
  }
  void hang_in_on_deactivate() {
    script.on_deactivate = [this](const GrainId&, CancellationToken) {
      return sleep_for(scheduler(), 24h);
    };
  }
};

TEST_F(DeactivationBehaviours, b07_no_call_is_lost_when_a_grain_deactivates_itself_among_them) {
  run([&] { EXPECT_EQ(stress("test"), 100); });
  EXPECT_GE(journal.count("a activate"), 2);
}

TEST_F(DeactivationBehaviours, b07_no_call_is_lost_when_a_reentrant_grain_deactivates_itself) {
  run([&] { EXPECT_EQ(stress("reentrant"), 100); });
}

TEST_F(DeactivationBehaviours, b07_no_call_is_lost_on_deactivation_with_a_running_timer) {
  GrainTimer timer;
  script.on_act = [&](Grain& grain, CancellationToken) -> Result<void> {
    THRESHER_TRY(made, grain.context().register_timer({.due = 0ms, .period = 1ms},
                                                      [&](CancellationToken) {
                                                        return sleep_for(scheduler(), 1ms);
                                                      }));
    timer = std::move(made);
    return {};
  };
  run([&] {
    grain("a").call(ITest::act).value();
    EXPECT_EQ(stress("test"), 100);
    timer.dispose();
  });
}

TEST_F(DeactivationBehaviours, b07_deactivation_waits_for_the_running_request) {
  run([&] {
    Working working = grain("a").start(ITest::work, "w", 100);
    pass(1ms);
    silo().deactivate(grain("a").id(), {DeactivationReasonCode::application_requested, ""});
    EXPECT_EQ(working.take().value(), "w");
    grain("a").call(ITest::note, "again").value();
    pass(1ms);
    EXPECT_EQ(lines(), (std::vector<std::string>{"a activate", "a w+", "a w-",
                                                 "a deactivate application_requested", "a gone",
                                                 "a activate", "a again"}));
  });
}

TEST_F(DeactivationBehaviours, b07_the_first_reason_to_deactivate_wins) {
  run([&] {
    Working working = grain("a").start(ITest::work, "w", 100);
    pass(10ms);
    silo().deactivate(grain("a").id(), {DeactivationReasonCode::high_memory_pressure, ""});
    pass(10ms);
    silo().deactivate(grain("a").id(), {DeactivationReasonCode::application_error, ""});
    working.take().value();
    pass(1ms);
    EXPECT_EQ(journal.count("a deactivate high_memory_pressure"), 1);
    EXPECT_EQ(journal.count("a deactivate application_error"), 0);
  });
}

TEST_F(DeactivationBehaviours, b07_the_first_reason_wins_also_while_the_grain_activates) {
  script.on_activate = [this](const GrainId& id, CancellationToken) -> Result<void> {
    if (journal.count("a activate") > 1) return {};
    silo().deactivate(id, {DeactivationReasonCode::high_memory_pressure, ""});
    pass(1ms);
    silo().deactivate(id, {DeactivationReasonCode::application_error, ""});
    pass(1ms);
    return {};
  };
  run([&] {
    grain("a").call(ITest::note, "n").value();
    pass(10ms);
    EXPECT_EQ(journal.count("a deactivate high_memory_pressure"), 1);
    EXPECT_EQ(journal.count("a deactivate application_error"), 0);
  });
}

TEST_F(DeactivationBehaviours, b07_what_on_deactivate_throws_is_swallowed) {
  script.on_deactivate = [](const GrainId&, CancellationToken) -> Result<void> {
    throw TestError{"no"};
  };
  run([&] {
    grain("a").call(ITest::deactivate).value();
    EXPECT_EQ(grain("a").call(ITest::add, 2).value(), 2);
  });
}

TEST_F(DeactivationBehaviours,
       b07_on_deactivate_past_its_timeout_is_cancelled_and_no_longer_waited_for) {
  hang_in_on_deactivate();
  run([&] {
    grain("a").call(ITest::deactivate).value();
    script.on_activate = nullptr;
    const CallOptions patient{.timeout = 5min};
    EXPECT_EQ(time_of([&] { grain("a").with(patient).call(ITest::add, 1).value(); }), 30s);
    script.on_deactivate = nullptr;
  });
}

TEST_F(DeactivationBehaviours, b09_calls_behind_a_stuck_turn_go_to_a_new_activation) {
  options.max_request_processing_time = 3s;
  run([&] {
    Working stuck = grain("a").start(ITest::work, "stuck", 5000);
    pass(1ms);
    EXPECT_EQ(time_of([&] { grain("a").call(ITest::work, "next", 0).value(); }), 3s - 1ms);
    EXPECT_EQ(stuck.take().value(), "stuck");
    pass(1ms);
    EXPECT_EQ(journal.count("a activate"), 2);
    EXPECT_EQ(journal.count("a deactivate activation_unresponsive"), 1);
    EXPECT_EQ(silo().activation_count(), 1u);
  });
}

TEST_F(DeactivationBehaviours, b09_a_long_turn_that_nobody_waits_for_is_not_stuck) {
  options.max_request_processing_time = 3s;
  run([&] {
    EXPECT_EQ(grain("a").call(ITest::work, "long", 10'000).value(), "long");
    grain("a").call(ITest::work, "next", 0).value();
    EXPECT_EQ(journal.count("a activate"), 1);
  });
}

TEST_F(DeactivationBehaviours, b09_a_deactivation_behind_a_turn_that_never_ends_is_abandoned) {
  options.max_request_processing_time = 3s;
  run([&] {
    Working stuck = grain("a").start(ITest::work, "stuck", 10'000);
    pass(1ms);
    silo().deactivate(grain("a").id(), {DeactivationReasonCode::application_requested, ""});
    EXPECT_EQ(time_of([&] { grain("a").call(ITest::add, 1).value(); }), 3s);
    stuck.take().value();
    EXPECT_EQ(journal.count("a deactivate application_requested"), 0);
  });
}

TEST_F(DeactivationBehaviours,
       b11_a_one_way_call_to_a_deactivating_grain_arrives_once_at_a_new_activation) {
  run([&] {
    const std::uint64_t old = grain("a").call(ITest::deactivate).value();
    grain("a").tell(ITest::note, "hello");
    EXPECT_NE(grain("a").call(ITest::activation).value(), old);
    EXPECT_EQ(journal.count("a hello"), 1);
  });
}

TEST_F(DeactivationBehaviours, b12_idle_grains_are_collected_and_busy_ones_are_not) {
  run([&] {
    grain("idle").call(ITest::add, 1).value();
    for (int minute = 0; minute < 17; ++minute) {
      grain("busy").call(ITest::add, 1).value();
      pass(1min);
    }
    EXPECT_EQ(journal.count("idle deactivate activation_idle"), 1);
    EXPECT_EQ(journal.count("busy deactivate activation_idle"), 0);
  });
}

TEST_F(DeactivationBehaviours, b12_a_grain_is_not_collected_before_its_age) {
  run([&] {
    grain("a").call(ITest::add, 1).value();
    pass(15min - 1ms);
    EXPECT_EQ(silo().activation_count(), 1u);
    pass(1min + 2ms);
    EXPECT_EQ(silo().activation_count(), 0u);
  });
}

TEST_F(DeactivationBehaviours, b12_a_class_has_its_own_collection_age) {
  class_options.collection_age = 2min;
  run([&] {
    grain("a").call(ITest::add, 1).value();
    grain("a", "reentrant").call(ITest::add, 1).value();
    pass(3min + 1ms);
    EXPECT_EQ(silo().activation_count(), 1u);
  });
}

TEST_F(DeactivationBehaviours, b12_a_keep_alive_class_is_never_collected) {
  class_options.keep_alive = true;
  run([&] {
    grain("a").call(ITest::add, 1).value();
    pass(48h);
    EXPECT_EQ(silo().activation_count(), 1u);
  });
}

TEST_F(DeactivationBehaviours,
       b12_delay_deactivation_keeps_a_grain_and_a_delay_of_zero_gives_it_free) {
  Duration delay = forever;
  script.on_act = [&](Grain& grain, CancellationToken) -> Result<void> {
    grain.context().delay_deactivation(delay);
    return {};
  };
  run([&] {
    grain("a").call(ITest::act).value();
    pass(48h);
    EXPECT_EQ(silo().activation_count(), 1u);
    delay = Duration{0};
    grain("a").call(ITest::act).value();
    pass(17min);
    EXPECT_EQ(silo().activation_count(), 0u);
  });
}

TEST_F(DeactivationBehaviours, b12_a_collection_by_hand_takes_the_idle_and_leaves_the_busy) {
  run([&] {
    grain("idle").call(ITest::add, 1).value();
    Working working = grain("busy").start(ITest::work, "w", 1000);
    pass(10ms);
    silo().collect(Duration{0});
    pass(1ms);
    EXPECT_EQ(silo().activation_count(), 1u);
    EXPECT_EQ(working.take().value(), "w");
  });
}

TEST_F(DeactivationBehaviours,
       b14_a_graceful_stop_lets_the_running_request_end_and_refuses_those_behind_it) {
  run([&] {
    Working running = grain("a").start(ITest::work, "runs", 100);
    Working queued = grain("a").start(ITest::work, "waits", 100);
    pass(1ms);
    EXPECT_TRUE(silo().stop());
    EXPECT_EQ(running.take().value(), "runs");
    EXPECT_EQ(queued.take().error().error.code, Errc::rejected);
    EXPECT_EQ(journal.count("a deactivate shutting_down"), 1);
    EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::process_gone);
  });
}

TEST_F(DeactivationBehaviours,
       b15_a_graceful_stop_with_a_stuck_activation_ends_within_its_deadline) {
  hang_in_on_deactivate();
  run([&] {
    grain("a").call(ITest::add, 1).value();
    EXPECT_EQ(time_of([&] { EXPECT_TRUE(silo().stop()); }), 30s);
  });
}

TEST_F(DeactivationBehaviours, b15_a_graceful_stop_drops_what_is_overdue) {
  run([&] {
    Working stuck = grain("a").start(ITest::work, "stuck", 20'000);
    pass(1ms);
    EXPECT_EQ(silo().stop(deadline_after(now(), 5s)).error().code, Errc::timeout);
    EXPECT_EQ(stuck.take().error().error.code, Errc::process_gone);
    EXPECT_EQ(journal.count("a deactivate shutting_down"), 0);
  });
}

TEST_F(DeactivationBehaviours, b15_a_stuck_timer_callback_does_not_hang_a_graceful_stop) {
  GrainTimer timer;
  script.on_act = [&](Grain& grain, CancellationToken) -> Result<void> {
    THRESHER_TRY(made, grain.context().register_timer({.due = 0ms}, [&](CancellationToken) {
      return sleep_for(scheduler(), 24h);
    }));
    timer = std::move(made);
    return {};
  };
  run([&] {
    grain("a").call(ITest::act).value();
    pass(1ms);
    EXPECT_EQ(time_of([&] { EXPECT_FALSE(silo().stop(deadline_after(now(), 30s))); }), 30s);
  });
}

TEST_F(DeactivationBehaviours,
       b18_a_killed_silo_ends_its_callers_calls_at_once_and_calls_no_on_deactivate) {
  run([&] {
    Working running = grain("a").start(ITest::work, "runs", 100);
    pass(1ms);
    silo().kill();
    EXPECT_EQ(running.take().error().error.code, Errc::process_gone);
    EXPECT_EQ(journal.count("a deactivate shutting_down"), 0);
  });
}

}  // namespace
}  // namespace thresher::runtime
