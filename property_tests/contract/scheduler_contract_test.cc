// What every Scheduler promises about fibers, waits, time and helper threads.
// The sentences of runtime/fiber/scheduler.h and wait.h, each as a test.
#include "thresher/property_tests/contract/scheduler_contract.h"

#include "thresher/runtime/fiber/future.h"

#include <atomic>
#include <set>
#include <stdexcept>

namespace thresher::contract {
namespace {

using namespace runtime;

constexpr Operation a_wait{.verb = "wait for", .name = "test"};

TEST_P(SchedulerContract, the_spawner_goes_on_before_the_spawned_fiber_runs) {
  run([this] {
    spawn([this] { log.emplace_back("child"); });
    log.emplace_back("parent");
  });
  EXPECT_EQ(log, (std::vector<std::string>{"parent", "child"}));
}

TEST_P(SchedulerContract, runs_each_of_many_fibers_once) {
  int runs = 0;
  run([&] {
    for (int i = 0; i < 2000; ++i) spawn([&runs] { ++runs; });
  });
  EXPECT_EQ(runs, 2000);
}

TEST_P(SchedulerContract, a_fiber_lives_on_the_worker_it_was_given) {
  std::atomic<int> right{0};
  run([&] {
    ASSERT_EQ(scheduler.worker_count(), 2u);
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
      spawn([this, &right, worker] {
        if (scheduler.current_worker() == WorkerId{worker}) ++right;
        sleep(tick);
        if (scheduler.current_worker() == WorkerId{worker}) ++right;
      }, worker);
    }
  });
  EXPECT_EQ(right, 4);
}

TEST_P(SchedulerContract, fibers_of_one_worker_never_run_at_once) {
  int inside = 0;
  int most = 0;
  run([&] {
    for (int i = 0; i < 20; ++i) {
      spawn([&] {
        for (int round = 0; round < 50; ++round) {
          most = std::max(most, ++inside);
          --inside;
          scheduler.yield();
        }
      });
    }
  });
  EXPECT_EQ(most, 1);
}

TEST_P(SchedulerContract, a_fiber_is_known_by_the_id_that_its_spawn_gave) {
  std::vector<FiberId> given;
  std::vector<FiberId> seen;
  run([&] {
    for (int i = 0; i < 3; ++i) {
      given.push_back(spawn([&] {
        const FiberId before = scheduler.current();
        sleep(tick);
        EXPECT_EQ(scheduler.current(), before);
        seen.push_back(before);
      }));
    }
  });
  EXPECT_EQ(std::set<FiberId>(given.begin(), given.end()),
            std::set<FiberId>(seen.begin(), seen.end()));
  EXPECT_EQ(std::set<FiberId>(given.begin(), given.end()).size(), 3u);
}

TEST_P(SchedulerContract, locals_start_empty_and_belong_to_one_fiber) {
  run([this] {
    int mine = 0;
    scheduler.locals().request = &mine;
    spawn([this] {
      EXPECT_EQ(scheduler.locals().request, nullptr);
      EXPECT_EQ(scheduler.locals().scope, nullptr);
      int other = 0;
      scheduler.locals().request = &other;
    });
    let_others_run();
    EXPECT_EQ(scheduler.locals().request, &mine);
  });
}

TEST_P(SchedulerContract, locals_of_an_ended_fiber_do_not_show_up_in_a_later_one) {
  run([this] {
    int mine = 0;
    spawn([&] { scheduler.locals().scope = &mine; });
    let_others_run();
    spawn([this] { EXPECT_EQ(scheduler.locals().scope, nullptr); });
  });
}

TEST_P(SchedulerContract, new_objects_have_ids_of_their_own) {
  run([this] {
    std::set<ObjectId> ids;
    for (int i = 0; i < 100; ++i) ids.insert(scheduler.new_object());
    EXPECT_EQ(ids.size(), 100u);
  });
}

// Waits.

TEST_P(SchedulerContract, a_wait_that_ended_before_the_park_returns_at_once) {
  run([this] {
    Wait wait{a_wait};
    EXPECT_TRUE(scheduler.unpark(wait, WaitEnd::cancelled));
    EXPECT_EQ(scheduler.park_until(wait, no_deadline), WaitEnd::cancelled);
  });
}

TEST_P(SchedulerContract, a_wait_ends_as_the_one_who_ended_it_says) {
  run([this] {
    for (const WaitEnd how : {WaitEnd::satisfied, WaitEnd::cancelled}) {
      Wait wait{a_wait};
      spawn([&] { scheduler.unpark(wait, how); });
      EXPECT_EQ(scheduler.park_until(wait, no_deadline), how);
    }
  });
}

TEST_P(SchedulerContract, a_wait_ends_once_and_as_the_first_said) {
  run([this] {
    Wait wait{a_wait};
    spawn([&] {
      EXPECT_TRUE(scheduler.unpark(wait, WaitEnd::satisfied));
      EXPECT_FALSE(scheduler.unpark(wait, WaitEnd::cancelled));
    });
    EXPECT_EQ(scheduler.park_until(wait, in(1000 * tick)), WaitEnd::satisfied);
  });
}

TEST_P(SchedulerContract, a_late_unpark_answers_false) {
  run([this] {
    Wait wait{a_wait};
    EXPECT_EQ(scheduler.park_until(wait, in(tick)), WaitEnd::timed_out);
    EXPECT_FALSE(scheduler.unpark(wait, WaitEnd::satisfied));
  });
}

TEST_P(SchedulerContract, a_deadline_ends_a_wait_not_before_its_time) {
  run([this] {
    Wait wait{a_wait};
    const TimePoint deadline = in(tick);
    EXPECT_EQ(scheduler.park_until(wait, deadline), WaitEnd::timed_out);
    EXPECT_GE(scheduler.now(), deadline);
  });
}

TEST_P(SchedulerContract, a_deadline_in_the_past_ends_a_wait_too) {
  run([this] {
    Wait wait{a_wait};
    EXPECT_EQ(scheduler.park_until(wait, scheduler.now()), WaitEnd::timed_out);
  });
}

TEST_P(SchedulerContract, deadlines_pass_in_their_order) {
  run([this] {
    for (const int ticks : {5, 1, 7, 3}) {
      spawn([this, ticks] {
        sleep(4 * ticks * tick);
        log.push_back(std::to_string(ticks));
      });
    }
  });
  EXPECT_EQ(log, (std::vector<std::string>{"1", "3", "5", "7"}));
}

TEST_P(SchedulerContract, a_timed_wait_that_ends_early_leaves_the_other_deadlines_alone) {
  run([this] {
    Wait early{a_wait};
    spawn([this] { sleep(3 * tick); });
    spawn([this] {
      sleep(tick);
      log.emplace_back("deadline");
    });
    spawn([&] { scheduler.unpark(early, WaitEnd::satisfied); });
    EXPECT_EQ(scheduler.park_until(early, in(2 * tick)), WaitEnd::satisfied);
    log.emplace_back("early");
    sleep(6 * tick);
  });
  EXPECT_EQ(log, (std::vector<std::string>{"early", "deadline"}));
}

TEST_P(SchedulerContract, another_worker_may_end_a_wait) {
  run([this] {
    for (int i = 0; i < 200; ++i) {
      Wait wait{a_wait};
      spawn([&] { scheduler.unpark(wait, WaitEnd::satisfied); }, 1);
      EXPECT_EQ(scheduler.park_until(wait, no_deadline), WaitEnd::satisfied);
    }
  });
}

TEST_P(SchedulerContract, of_two_workers_that_end_a_wait_one_did_it) {
  int both = 0;
  run([&] {
    for (int i = 0; i < 200; ++i) {
      Wait wait{a_wait};
      std::atomic<int> won{0};
      Promise<int> done{scheduler};
      spawn([&] {
        won += scheduler.unpark(wait, WaitEnd::cancelled) ? 1 : 0;
        done.set(0);
      }, 1);
      won += scheduler.unpark(wait, WaitEnd::satisfied) ? 1 : 0;
      scheduler.park_until(wait, no_deadline);
      EXPECT_TRUE(done.future().get());
      both += won;
    }
  });
  EXPECT_EQ(both, 200);
}

TEST_P(SchedulerContract, yield_lets_the_others_run) {
  run([this] {
    bool ran = false;
    spawn([&] { ran = true; });
    for (int i = 0; i < 1000 && !ran; ++i) scheduler.yield();
    EXPECT_TRUE(ran);
  });
}

TEST_P(SchedulerContract, a_busy_worker_runs_none_of_its_other_fibers) {
  if (!rig->virtual_time()) GTEST_SKIP() << "on threads work takes its own time";
  TimePoint start;
  TimePoint ran;
  run([&] {
    start = scheduler.now();
    spawn([&] { ran = scheduler.now(); });
    scheduler.spend(tick);
    EXPECT_EQ(scheduler.now(), start + tick);
  });
  EXPECT_TRUE(ran == start || ran == start + tick);
}

TEST_P(SchedulerContract, a_busy_worker_does_not_hold_up_another) {
  if (!rig->virtual_time()) GTEST_SKIP() << "on threads work takes its own time";
  run([&] {
    const TimePoint start = scheduler.now();
    spawn([&, start] {
      sleep(tick);
      EXPECT_EQ(scheduler.now(), start + tick);
    }, 1);
    scheduler.spend(10 * tick);
  });
}

TEST_P(SchedulerContract, time_never_goes_back) {
  run([this] {
    TimePoint last = scheduler.now();
    for (int i = 0; i < 20; ++i) {
      scheduler.yield();
      EXPECT_GE(scheduler.now(), last);
      last = scheduler.now();
    }
  });
}

// Exceptions: a fiber that parks while it handles one finds its own again.

TEST_P(SchedulerContract, a_fiber_that_parks_in_a_handler_rethrows_its_own_exception) {
  run([this] {
    for (int i = 0; i < 8; ++i) {
      spawn([this, i] {
        try {
          try {
            throw std::runtime_error{std::to_string(i)};
          } catch (...) {
            sleep((i * 5 % 8) * tick);  // Fibers leave in another order than they came.
            throw;
          }
        } catch (const std::runtime_error& error) {
          EXPECT_EQ(error.what(), std::to_string(i));
        }
      });
    }
  });
}

TEST_P(SchedulerContract, nested_handlers_keep_their_exceptions_across_parks) {
  run([this] {
    for (int i = 0; i < 4; ++i) {
      spawn([this, i] {
        try {
          throw i;
        } catch (int outer) {
          sleep(tick);
          try {
            throw std::to_string(i + 100);
          } catch (const std::string& inner) {
            sleep((4 - i) * tick);
            EXPECT_EQ(inner, std::to_string(i + 100));
          }
          sleep(tick);
          EXPECT_EQ(outer, i);
          EXPECT_EQ(std::uncaught_exceptions(), 0);
        }
        EXPECT_EQ(std::current_exception(), nullptr);
      });
    }
  });
}

TEST_P(SchedulerContract, a_fresh_fiber_handles_no_exception_of_another) {
  run([this] {
    try {
      throw 1;
    } catch (int) {
      spawn([] { EXPECT_EQ(std::current_exception(), nullptr); });
      let_others_run();
    }
  });
}

// run_blocking.

TEST_P(SchedulerContract, run_blocking_returns_after_its_body_ran) {
  run([this] {
    bool ran = false;
    EXPECT_TRUE(scheduler.run_blocking("work", [&] { ran = true; }, no_deadline));
    EXPECT_TRUE(ran);
  });
}

TEST_P(SchedulerContract, fibers_of_the_worker_run_while_a_body_blocks) {
  run([this] {
    spawn([this] { log.emplace_back("other"); });
    EXPECT_TRUE(scheduler.run_blocking("work", [this] { rig->block_for(10 * tick); },
                                       no_deadline));
    log.emplace_back("blocking");
  });
  EXPECT_EQ(log, (std::vector<std::string>{"other", "blocking"}));
}

TEST_P(SchedulerContract, run_blocking_times_out_while_its_body_goes_on_alone) {
  struct Body {  // What is written off owns what it touches.
    std::atomic<bool> begun{false};
    std::atomic<bool> ended{false};
  };
  run([this] {
    const auto body = std::make_shared<Body>();
    while (!body->begun) {  // A body that has not begun at its deadline may never do so.
      const auto result = scheduler.run_blocking(
          "work",
          [this, body] {
            body->begun = true;
            rig->block_for(50 * tick);
            body->ended = true;
          },
          in(tick));
      ASSERT_FALSE(result.has_value());
      EXPECT_EQ(result.error().code, Errc::timeout);
    }
    EXPECT_FALSE(body->ended);
    sleep(100 * tick);
    EXPECT_TRUE(body->ended);
  });
}

TEST_P(SchedulerContract, many_bodies_block_at_once) {
  run([this] {
    const TimePoint start = scheduler.now();
    std::vector<Future<int>> done;
    for (int i = 0; i < 8; ++i) {
      Promise<int> promise{scheduler};
      done.push_back(promise.future());
      spawn([this, p = std::make_shared<Promise<int>>(std::move(promise))] {
        EXPECT_TRUE(scheduler.run_blocking("work", [this] { rig->block_for(20 * tick); },
                                           no_deadline));
        p->set(1);
      });
    }
    EXPECT_TRUE(when_all<int>(done));
    EXPECT_LT(scheduler.now() - start, 8 * 20 * tick);
  });
}

}  // namespace
}  // namespace thresher::contract
