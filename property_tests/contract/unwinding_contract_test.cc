// What every Scheduler promises about the end of a world.
// Fibers that are left are unwound, youngest first; nothing may park or start any more.
#include "thresher/property_tests/contract/scheduler_contract.h"

#include <memory>
#include <stdexcept>

namespace thresher::contract {
namespace {

using namespace runtime;

/// Runs `on_exit` when its scope is left.
struct AtExit {
  Task on_exit;
  ~AtExit() { on_exit(); }
};

TEST_P(UnwindingContract, a_background_fiber_is_unwound_when_the_foreground_has_ended) {
  run([this] {
    spawn_background([this] {
      const AtExit exit{[this] { log.emplace_back("unwound"); }};
      park_for_ever();
      log.emplace_back("went on");
    });
    let_others_run();
    log.emplace_back("main ended");
  });
  EXPECT_EQ(log, (std::vector<std::string>{"main ended", "unwound"}));
}

TEST_P(UnwindingContract, the_youngest_go_first) {
  run([this] {
    for (int i = 0; i < 4; ++i) {
      spawn_background([this, i] {
        const AtExit exit{[this, i] { log.push_back(std::to_string(i)); }};
        park_for_ever();
      });
    }
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"3", "2", "1", "0"}));
}

TEST_P(UnwindingContract, what_a_fiber_owns_outlives_the_fibers_it_spawned) {
  run([this] {
    spawn_background([this] {
      const auto owned = std::make_shared<int>(5);
      for (int i = 0; i < 3; ++i) {
        spawn_background([this, weak = std::weak_ptr<int>{owned}] {
          const AtExit exit{[this, weak] { log.emplace_back(weak.expired() ? "gone" : "there"); }};
          park_for_ever();
        });
      }
      park_for_ever();
    });
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"there", "there", "there"}));
}

TEST_P(UnwindingContract, a_sleeping_and_a_ready_fiber_are_unwound_too) {
  run([this] {
    spawn_background([this] {
      const AtExit exit{[this] { log.emplace_back("sleeping"); }};
      sleep(std::chrono::hours{1});
    });
    spawn_background([this] {
      const AtExit exit{[this] { log.emplace_back("ready"); }};
      while (true) {
        sleep(tick);
      }
    });
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"ready", "sleeping"}));
}

TEST_P(UnwindingContract, the_body_of_a_fiber_that_never_ran_is_destroyed) {
  const auto held = std::make_shared<int>(1);
  run([this, held] {
    spawn_background([held, this] { log.emplace_back("ran"); });
  });
  EXPECT_LE(held.use_count(), 1 + static_cast<long>(log.size()));
}

TEST_P(UnwindingContract, a_fiber_that_is_unwound_knows_it) {
  run([this] {
    spawn_background([this] {
      const AtExit exit{[this] { log.emplace_back(scheduler.unwinding() ? "unwinding" : "not"); }};
      EXPECT_FALSE(scheduler.unwinding());
      park_for_ever();
    });
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"unwinding"}));
}

TEST_P(UnwindingContract, a_catch_of_std_exceptions_does_not_stop_it) {
  run([this] {
    spawn_background([this] {
      try {
        park_for_ever();
      } catch (const std::exception&) {
        log.emplace_back("caught");
      }
      log.emplace_back("went on");
    });
    let_others_run();
  });
  EXPECT_TRUE(log.empty());
}

TEST_P(UnwindingContract, a_fiber_that_swallows_it_meets_it_again) {
  run([this] {
    spawn_background([this] {
      try {
        park_for_ever();
      } catch (...) {
        log.emplace_back("swallowed");
      }
      park_for_ever();
      log.emplace_back("went on");
    });
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"swallowed"}));
  EXPECT_EQ(rig->abandoned(), 0u);
}

TEST_P(UnwindingContract, a_fiber_that_swallows_it_three_times_is_abandoned) {
  run([this] {
    spawn_background([this] {
      while (true) {
        try {
          park_for_ever();
        } catch (...) {
          log.emplace_back("swallowed");
        }
      }
    });
    let_others_run();
  });
  EXPECT_EQ(log.size(), 3u);
  EXPECT_EQ(rig->abandoned(), 1u);
}

TEST_P(UnwindingContract, it_goes_through_a_handler_that_was_parked_in) {
  run([this] {
    spawn_background([this] {
      const AtExit exit{[this] { log.emplace_back("unwound"); }};
      try {
        throw std::runtime_error{"first"};
      } catch (const std::runtime_error&) {
        park_for_ever();
      }
    });
    let_others_run();
  });
  EXPECT_EQ(log, (std::vector<std::string>{"unwound"}));
}

TEST_P(UnwindingContract, what_is_spawned_then_never_runs_and_is_destroyed) {
  const auto held = std::make_shared<int>(1);
  run([this, held] {
    spawn_background([this, held] {
      const AtExit exit{[this, held] { spawn([this, held] { log.emplace_back("ran"); }); }};
      park_for_ever();
    });
    let_others_run();
  });
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(UnwindingContract, waiters_of_a_dying_mutex_and_event_and_semaphore_leave_in_peace) {
  run([this] {
    spawn_background([this] {
      Mutex mutex{scheduler, "mutex"};
      FiberEvent event{scheduler, "event"};
      Semaphore semaphore{scheduler, "semaphore", 0};
      ASSERT_TRUE(mutex.lock());
      spawn_background([&] { static_cast<void>(mutex.lock()); });
      spawn_background([&] { static_cast<void>(event.wait()); });
      spawn_background([&] { static_cast<void>(semaphore.acquire()); });
      park_for_ever();
    });
    let_others_run();
  });
}

TEST_P(UnwindingContract, fibers_of_all_workers_are_unwound) {
  run([this] {
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
      scheduler.spawn({.worker = WorkerId{worker}, .name = "background", .background = true},
                      [this] {
                        // One fiber is unwound at a time, so that the log needs no lock.
                        const AtExit exit{[this] { log.emplace_back("unwound"); }};
                        park_for_ever();
                      });
    }
    sleep(10 * tick);
  });
  EXPECT_EQ(log.size(), 2u);
}

}  // namespace
}  // namespace thresher::contract
