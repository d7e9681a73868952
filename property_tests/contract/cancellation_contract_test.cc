// Cancellation over every Scheduler: tokens, links, deadlines, callbacks.
// Cancelling ends waits and starts callbacks; it runs nothing itself.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/runtime/fiber/future.h"

#include <optional>

namespace thresher::contract {
namespace {

using namespace runtime;

TEST_P(CancellationContract, the_default_token_is_never_cancelled) {
  run([this] {
    const CancellationToken token;
    EXPECT_FALSE(token.can_be_cancelled());
    EXPECT_FALSE(token.is_cancelled());
    EXPECT_EQ(token.deadline(), no_deadline);
    const auto registration = token.on_cancel([this] { log.emplace_back("ran"); });
    EXPECT_TRUE(token.check());
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(CancellationContract, check_fails_from_the_cancellation_on) {
  run([this] {
    CancellationSource source{scheduler};
    const CancellationToken token = source.token();
    EXPECT_TRUE(token.check());
    source.cancel();
    EXPECT_EQ(token.check().error().code, Errc::cancelled);
    EXPECT_TRUE(source.is_cancelled());
  });
}

TEST_P(CancellationContract, all_waits_given_the_token_end) {
  run([this] {
    CancellationSource source{scheduler};
    for (int i = 0; i < 5; ++i) {
      spawn([this, token = source.token()] {
        EXPECT_FALSE(sleep_for(scheduler, std::chrono::hours{1}, token));
        log.emplace_back("ended");
      });
    }
    let_others_run();
    source.cancel();
    let_others_run();
  });
  EXPECT_EQ(log.size(), 5u);
}

TEST_P(CancellationContract, a_wait_on_another_worker_ends_too) {
  run([this] {
    const auto source = std::make_shared<CancellationSource>(scheduler);
    spawn([this, token = source->token()] {
      EXPECT_FALSE(sleep_for(scheduler, std::chrono::hours{1}, token));
    }, 1);
    sleep(2 * tick);
    source->cancel();
  });
}

TEST_P(CancellationContract, destroying_a_source_cancels_nothing) {
  run([this] {
    CancellationToken token;
    {
      CancellationSource source{scheduler};
      token = source.token();
    }
    EXPECT_FALSE(token.is_cancelled());
    EXPECT_TRUE(sleep_for(scheduler, tick, token));
  });
}

// Links.

TEST_P(CancellationContract, a_linked_source_follows_any_of_its_parents) {
  run([this] {
    CancellationSource first{scheduler};
    CancellationSource second{scheduler};
    CancellationSource child{scheduler, {first.token(), second.token(), CancellationToken{}}};
    CancellationSource grandchild{scheduler, {child.token()}};
    second.cancel();
    EXPECT_TRUE(child.is_cancelled());
    EXPECT_TRUE(grandchild.is_cancelled());
    EXPECT_FALSE(first.is_cancelled());
  });
}

TEST_P(CancellationContract, a_child_of_a_cancelled_parent_starts_cancelled) {
  run([this] {
    CancellationSource parent{scheduler};
    parent.cancel();
    EXPECT_TRUE((CancellationSource{scheduler, {parent.token()}}.is_cancelled()));
  });
}

TEST_P(CancellationContract, a_cancelled_child_leaves_its_parent_alone) {
  run([this] {
    CancellationSource parent{scheduler};
    CancellationSource child{scheduler, {parent.token()}};
    child.cancel();
    EXPECT_FALSE(parent.is_cancelled());
  });
}

TEST_P(CancellationContract, a_dead_child_is_not_reached) {
  run([this] {
    CancellationSource parent{scheduler};
    for (int i = 0; i < 3; ++i) {
      const CancellationSource child{scheduler, {parent.token()}};
    }
    std::optional<CancellationSource> kept{std::in_place, scheduler,
                                           std::initializer_list{parent.token()}};
    const CancellationToken token = kept->token();
    kept.reset();
    parent.cancel();
    EXPECT_TRUE(token.is_cancelled());
  });
}

// Deadlines.

TEST_P(CancellationContract, a_deadline_cancels_a_wait_that_has_a_later_one) {
  run([this] {
    const CancellationSource source{scheduler, {}, in(tick)};
    const auto result = sleep_for(scheduler, std::chrono::hours{1}, source.token());
    EXPECT_EQ(result.error().code, Errc::cancelled);
    EXPECT_TRUE(source.is_cancelled());
  });
}

TEST_P(CancellationContract, a_wait_whose_own_deadline_is_earlier_times_out) {
  run([this] {
    const CancellationSource source{scheduler, {}, in(100 * tick)};
    FiberEvent event{scheduler, "event"};
    EXPECT_EQ(event.wait(source.token(), in(tick)).error().code, Errc::timeout);
    EXPECT_FALSE(source.is_cancelled());
  });
}

TEST_P(CancellationContract, a_child_ends_no_later_than_its_parents) {
  run([this] {
    const TimePoint early = in(10 * tick);
    const CancellationSource parent{scheduler, {}, early};
    const CancellationSource child{scheduler, {parent.token()}, in(100 * tick)};
    EXPECT_EQ(child.token().deadline(), early);
  });
}

TEST_P(CancellationContract, of_several_deadlines_the_earliest_counts) {
  run([this] {
    CancellationSource source{scheduler, {}, in(100 * tick)};
    const TimePoint early = in(10 * tick);
    source.cancel_at(early);
    source.cancel_at(in(50 * tick));
    EXPECT_EQ(source.token().deadline(), early);
  });
}

TEST_P(CancellationContract, a_deadline_that_comes_later_ends_waits_that_are_parked_already) {
  run([this] {
    CancellationSource source{scheduler};
    CancellationSource child{scheduler, {source.token()}};
    for (const auto& token : {source.token(), child.token()}) {
      spawn([this, token] {
        EXPECT_FALSE(sleep_for(scheduler, std::chrono::hours{1}, token));
        log.emplace_back("ended");
      });
    }
    let_others_run();
    source.cancel_at(in(tick));
    EXPECT_TRUE(log.empty());
    sleep(20 * tick);
    EXPECT_EQ(log.size(), 2u);
  });
}

// Callbacks.

TEST_P(CancellationContract, a_callback_runs_once_and_never_inside_cancel) {
  run([this] {
    CancellationSource source{scheduler};
    const auto registration = source.token().on_cancel([this] { log.emplace_back("callback"); });
    source.cancel();
    EXPECT_TRUE(log.empty());
    source.cancel();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(CancellationContract, a_callback_runs_on_the_worker_that_registered_it) {
  struct Shared {  // By both fibers, of which either may end first.
    CancellationSource source;
    Promise<int> registered;
    Promise<WorkerId> ran;
  };
  run([this] {
    const auto shared = std::make_shared<Shared>(Shared{.source = CancellationSource{scheduler},
                                                        .registered = Promise<int>{scheduler},
                                                        .ran = Promise<WorkerId>{scheduler}});
    spawn([this, shared] {
      const auto registration = shared->source.token().on_cancel(
          [this, shared] { shared->ran.set(scheduler.current_worker()); });
      shared->registered.set(0);
      EXPECT_TRUE(shared->ran.future().get());
    }, 1);
    EXPECT_TRUE(shared->registered.future().get());
    shared->source.cancel();
    EXPECT_EQ(*shared->ran.future().get(), WorkerId{1});
  });
}

TEST_P(CancellationContract, a_callback_may_wait) {
  run([this] {
    CancellationSource source{scheduler};
    const auto registration = source.token().on_cancel([this] {
      sleep(tick);
      log.emplace_back("callback");
    });
    source.cancel();
    sleep(20 * tick);
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(CancellationContract, a_callback_on_a_cancelled_token_starts_at_once_as_a_fiber) {
  run([this] {
    CancellationSource source{scheduler};
    source.cancel();
    const auto registration = source.token().on_cancel([this] { log.emplace_back("callback"); });
    EXPECT_TRUE(log.empty());
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(CancellationContract, a_callback_runs_at_the_deadline_though_nobody_waits) {
  run([this] {
    const CancellationSource source{scheduler, {}, in(2 * tick)};
    const auto registration = source.token().on_cancel([this] { log.emplace_back("callback"); });
    let_others_run();
    sleep(30 * tick);
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(CancellationContract, a_callback_on_a_child_runs_when_the_parent_is_cancelled) {
  run([this] {
    CancellationSource parent{scheduler};
    const CancellationSource child{scheduler, {parent.token()}};
    const auto registration = child.token().on_cancel([this] { log.emplace_back("callback"); });
    parent.cancel();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(CancellationContract, a_dropped_registration_never_runs) {
  run([this] {
    CancellationSource source{scheduler};
    { const auto registration = source.token().on_cancel([this] { log.emplace_back("ran"); }); }
    source.cancel();
    let_others_run();
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(CancellationContract, a_registration_dropped_after_cancel_stops_what_has_not_begun) {
  run([this] {
    CancellationSource source{scheduler};
    {
      const auto registration = source.token().on_cancel([this] { log.emplace_back("ran"); });
      source.cancel();
    }
    let_others_run();
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(CancellationContract, a_moved_registration_stays_registered) {
  run([this] {
    CancellationSource source{scheduler};
    CancellationRegistration outer;
    {
      auto inner = source.token().on_cancel([this] { log.emplace_back("ran"); });
      outer = std::move(inner);
    }
    source.cancel();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

}  // namespace
}  // namespace thresher::contract
