// Behaviours 24 and 25 of the runtime's reference: grain timers in virtual time, and ETag
// conflicts. Each test carries the number and the sentence.
#include "thresher/runtime/grain/grain_world_test.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

class TimerBehaviours : public SiloTest {
 protected:
  /// Makes the grain "a" register a timer whose ticks are counted, and `then` is done in each.
  void start_timer(TimerOptions timer_options,
                   std::function<Result<void>(CancellationToken)> then) {
    script.on_act = [this, timer_options, then](Grain& grain, CancellationToken) -> Result<void> {
      THRESHER_TRY(made, grain.context().register_timer(
                             timer_options, [this, then](CancellationToken token) {
                               ++ticks;
                               return then ? then(std::move(token)) : Result<void>{};
                             }));
      timer = std::move(made);
      return {};
    };
    grain("a").call(ITest::act).value();
  }
  auto working_for(Duration span) {
    return [this, span](CancellationToken) { return sleep_for(scheduler(), span); };
  }

  GrainTimer timer;
  int ticks = 0;
};

TEST_F(TimerBehaviours, b24_a_timer_ticks_n_plus_one_times_after_its_due_time_and_n_periods) {
  run([&] {
    start_timer({.due = 3s, .period = 2s}, nullptr);
    pass(3s - 1ms);
    EXPECT_EQ(ticks, 0);
    pass(5 * 2s + 2ms);
    EXPECT_EQ(ticks, 6);
    timer.dispose();
    pass(1min);
    EXPECT_EQ(ticks, 6);
  });
}

TEST_F(TimerBehaviours, b24_the_period_counts_from_the_end_of_the_callback) {
  run([&] {
    start_timer({.due = 0s, .period = 1s}, working_for(500ms));
    pass(3s + 1ms);  // Ticks start at 0, 1.5 and 3 seconds.
    EXPECT_EQ(ticks, 3);
    timer.dispose();
  });
}

TEST_F(TimerBehaviours, b24_a_timer_without_a_period_ticks_once) {
  run([&] {
    start_timer({.due = 1s}, nullptr);
    pass(1h);
    EXPECT_EQ(ticks, 1);
  });
}

TEST_F(TimerBehaviours, b24_a_period_of_zero_ticks_again_at_once_after_the_callback) {
  run([&] {
    start_timer({.due = 0s, .period = 0s}, working_for(1s));
    pass(3s + 1ms);
    EXPECT_EQ(ticks, 4);
    timer.dispose();
  });
}

TEST_F(TimerBehaviours, b24_a_timer_disposed_in_its_own_callback_ticks_no_more) {
  run([&] {
    start_timer({.due = 0s, .period = 1s}, [&](CancellationToken token) -> Result<void> {
      timer.dispose();
      EXPECT_TRUE(token.is_cancelled());
      return {};
    });
    pass(1h);
    EXPECT_EQ(ticks, 1);
  });
}

TEST_F(TimerBehaviours, b24_a_change_in_the_callback_takes_effect_at_its_end) {
  run([&] {
    start_timer({.due = 0s, .period = 1h}, [&](CancellationToken) -> Result<void> {
      if (ticks == 1) timer.change(1s, 2s).value();
      return {};
    });
    pass(1s + 1ms);
    EXPECT_EQ(ticks, 2);
    pass(2s);
    EXPECT_EQ(ticks, 3);
    timer.dispose();
  });
}

TEST_F(TimerBehaviours, b24_a_change_made_while_a_tick_is_queued_keeps_its_due_time) {
  run([&] {
    start_timer({.due = 10ms, .period = 1h}, nullptr);
    CallFuture<std::string> working = grain("a").start(ITest::work, "w", 100);
    pass(50ms);
    timer.change(1s, 1h).value();
    working.take().value();
    pass(1ms);
    EXPECT_EQ(ticks, 1);
    pass(1s);
    EXPECT_EQ(ticks, 2);
    timer.dispose();
  });
}

TEST_F(TimerBehaviours, b24_bad_spans_are_refused) {
  run([&] {
    start_timer({.due = timer_off}, nullptr);
    EXPECT_EQ(timer.change(-2ns, 1s).error().code, Errc::invalid_argument);
    EXPECT_EQ(timer.change(1s, -2ns).error().code, Errc::invalid_argument);
    timer.dispose();
    EXPECT_EQ(timer.change(1s, 1s).error().code, Errc::closed);
  });
}

TEST_F(TimerBehaviours, b24_ticks_and_calls_do_not_overlap_unless_the_timer_interleaves) {
  for (const bool interleave : {false, true}) {
    ticks = 0;
    run([&] {
      start_timer({.due = 10ms, .interleave = interleave}, nullptr);
      CallFuture<std::string> working = grain("a").start(ITest::work, "w", 100);
      pass(50ms);
      EXPECT_EQ(ticks, interleave ? 1 : 0);
      working.take().value();
      pass(1ms);
      EXPECT_EQ(ticks, 1);
    });
  }
}

TEST_F(TimerBehaviours, b24_a_failing_callback_is_called_again_after_a_period) {
  run([&] {
    start_timer({.due = 0s, .period = 1s},
                [](CancellationToken) -> Result<void> { throw TestError{"no"}; });
    pass(2s + 1ms);
    EXPECT_EQ(ticks, 3);
    timer.dispose();
  });
}

TEST_F(TimerBehaviours, b24_ticks_count_as_use_only_when_the_timer_keeps_alive) {
  for (const bool keep_alive : {false, true}) {
    run([&] {
      start_timer({.due = 1s, .period = 1min, .keep_alive = keep_alive}, nullptr);
      pass(20min);
      EXPECT_EQ(silo().activation_count(), keep_alive ? 1u : 0u);
    });
  }
}

TEST_F(TimerBehaviours, b24_a_tick_starts_with_an_empty_request_context) {
  run([&] {
    ClientScope client{scheduler()};
    client.context().set("k", "v");
    bool empty = false;
    start_timer({.due = 0s}, [&](CancellationToken) -> Result<void> {
      empty = request_context(scheduler()).empty();
      return {};
    });
    pass(1ms);
    EXPECT_TRUE(empty);
  });
}

TEST_F(TimerBehaviours, b25_an_etag_conflict_that_escapes_deactivates_that_activation_only) {
  script.on_act = [&](Grain& self, CancellationToken) -> Result<void> {
    if (self.id().key() == "writer") return fail(Errc::inconsistent_state);
    grain("writer").call(ITest::act).value();
    return {};
  };
  run([&] {
    EXPECT_EQ(grain("caller").call(ITest::act).error().error.code, Errc::inconsistent_state);
    pass(1ms);
    EXPECT_EQ(journal.count("writer deactivate application_error"), 1);
    EXPECT_EQ(silo().activation_count(), 1u);
  });
}

TEST_F(TimerBehaviours, b25_an_etag_conflict_that_is_handled_deactivates_nothing) {
  script.on_act = [&](Grain&, CancellationToken) -> Result<void> {
    try {
      Result<void>{fail(Errc::inconsistent_state)}.value();
    } catch (const InconsistentStateError&) {
    }
    return {};
  };
  run([&] {
    grain("a").call(ITest::act).value();
    pass(1ms);
    EXPECT_EQ(silo().activation_count(), 1u);
  });
}

}  // namespace
}  // namespace thresher::runtime
