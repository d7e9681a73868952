// The world from outside: time, workers, ends, failures, and that a seed decides everything.
#include "thresher/sim/world.h"

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/tape.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;
using runtime::Scheduler;
using runtime::Task;
using runtime::TimePoint;
using runtime::Wait;
using runtime::WaitEnd;
using runtime::WorkerId;

class WorldTest : public testing::Test {
 protected:
  // Runs `main(scheduler)` in a world of its own.
  template <typename Main>
  RunResult run(Main main, WorldOptions options = {}) {
    World world{engine, std::move(options)};
    now_world = &world;
    return world.run(
        [&world, main = std::move(main)]() mutable { main(world.services().scheduler); });
  }
  World& world() { return *now_world; }

  // Two fibers that write letters at schedule points; the text is the interleaving.
  static std::string interleave(Scheduler& s) {
    std::string seen;
    runtime::FiberEvent done{s, "done"};
    int left = 2;
    for (const char letter : {'a', 'b'}) {
      s.spawn({.name = "writer"}, [&, letter] {
        for (int i = 0; i < 8; ++i) {
          seen += letter;
          s.touch({.verb = "write", .name = "seen"});
        }
        if (--left == 0) done.set();
      });
    }
    static_cast<void>(done.wait());
    return seen;
  }

  Engine engine;
  World* now_world = nullptr;
};

TEST_F(WorldTest, survives_when_its_main_fiber_returns) {
  bool ran = false;
  const RunResult result = run([&](Scheduler&) { ran = true; });
  EXPECT_TRUE(ran);
  EXPECT_EQ(result.verdict, Verdict::survived);
}

TEST_F(WorldTest, waits_for_foreground_fibers_and_for_no_others) {
  std::string seen;
  run([&](Scheduler& s) {
    s.spawn({.name = "foreground"}, [&] {
      static_cast<void>(runtime::sleep_for(s, 5s));
      seen += "f";
    });
    s.spawn({.name = "background", .background = true}, [&] {
      static_cast<void>(runtime::sleep_for(s, 10s));
      seen += "b";
    });
  });
  EXPECT_EQ(seen, "f");
}

TEST_F(WorldTest, moves_time_to_the_next_deadline_at_once) {
  const RunResult result =
      run([&](Scheduler& s) { static_cast<void>(runtime::sleep_for(s, 100h)); });
  EXPECT_EQ(result.ended_at, TimePoint{100h});
}

TEST_F(WorldTest, wakes_sleepers_in_order_of_their_deadlines) {
  std::string seen;
  run([&](Scheduler& s) {
    for (const int seconds : {3, 1, 2}) {
      s.spawn({.name = "sleeper"}, [&, seconds] {
        static_cast<void>(runtime::sleep_for(s, std::chrono::seconds{seconds}));
        seen += std::to_string(seconds);
      });
    }
  });
  EXPECT_EQ(seen, "123");
}

TEST_F(WorldTest, orders_equal_deadlines_by_choice) {
  std::vector<std::string> orders;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::string seen;
    run([&](Scheduler& s) {
      for (const char letter : {'a', 'b'}) {
        s.spawn({.name = "sleeper"}, [&, letter] {
          static_cast<void>(runtime::sleep_until(s, TimePoint{1s}));
          seen += letter;
        });
      }
    }, {.seed = seed});
    orders.push_back(seen);
  }
  EXPECT_NE(std::find(orders.begin(), orders.end(), "ab"), orders.end());
  EXPECT_NE(std::find(orders.begin(), orders.end(), "ba"), orders.end());
}

TEST_F(WorldTest, runs_the_same_interleaving_for_the_same_seed) {
  const auto once = [&](std::uint64_t seed) {
    std::string seen;
    const RunResult result = run([&](Scheduler& s) { seen = interleave(s); }, {.seed = seed});
    return std::pair{seen, result.trace_hash};
  };
  std::set<std::string> interleavings;
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto first = once(seed);
    EXPECT_EQ(first, once(seed));
    interleavings.insert(first.first);
    hashes.insert(first.second);
  }
  EXPECT_GT(interleavings.size(), 40u);
  EXPECT_GE(hashes.size(), interleavings.size());
}

// An empty tape is answer 0 everywhere.
TEST_F(WorldTest, lets_the_running_fiber_go_on_as_answer_0) {
  const Tape empty;
  std::string seen;
  WorldOptions options;
  options.replay = &empty;
  run([&](Scheduler& s) { seen = interleave(s); }, options);
  EXPECT_EQ(seen, "aaaaaaaabbbbbbbb");
}

TEST_F(WorldTest, lets_the_one_ready_longest_run_after_a_yield_as_answer_0) {
  const Tape empty;
  std::string seen;
  WorldOptions options;
  options.replay = &empty;
  run([&](Scheduler& s) {
    for (const char letter : {'a', 'b', 'c'}) {
      s.spawn({.name = "writer"}, [&, letter] {
        for (int i = 0; i < 2; ++i) {
          seen += letter;
          s.yield();
        }
      });
    }
    static_cast<void>(runtime::sleep_for(s, 1s));
  }, options);
  EXPECT_EQ(seen, "abcabc");
}

TEST_F(WorldTest, drops_what_was_started_for_a_run_that_never_came) {
  const auto alive = std::make_shared<int>(1);
  bool ran = false;
  {
    World world{engine, {}};
    world.services().scheduler.spawn({.name = "early"}, [alive, &ran] { ran = true; });
    EXPECT_EQ(alive.use_count(), 2);
  }
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST_F(WorldTest, folds_seam_crossings_into_the_hash) {
  const auto hash_of = [&](std::uint64_t result_code) {
    return run([&](Scheduler&) { world().cross(1, result_code, 3); }).trace_hash;
  };
  EXPECT_EQ(hash_of(0), hash_of(0));
  EXPECT_NE(hash_of(0), hash_of(1));
}

TEST_F(WorldTest, keeps_a_busy_workers_fibers_from_running) {
  std::vector<std::string> seen;
  run([&](Scheduler& s) {
    s.spawn({.worker = WorkerId{1}, .name = "spender"}, [&] {
      s.spend(10ms);
      seen.push_back("spent");
    });
    s.spawn({.worker = WorkerId{1}, .name = "same"}, [&] {
      static_cast<void>(runtime::sleep_until(s, TimePoint{5ms}));
      seen.push_back("same at " + std::to_string(s.now().time_since_epoch() / 1ms));
    });
    s.spawn({.worker = WorkerId{0}, .name = "other"}, [&] {
      static_cast<void>(runtime::sleep_until(s, TimePoint{5ms}));
      seen.push_back("other at " + std::to_string(s.now().time_since_epoch() / 1ms));
    });
  }, {.seed = 3});
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0], "other at 5");
  EXPECT_NE(std::find(seen.begin(), seen.end(), "same at 10"), seen.end());
}

TEST_F(WorldTest, reports_a_deadlock_by_name) {
  const RunResult result = run([&](Scheduler& s) {
    runtime::FiberEvent never{s, "godot"};
    static_cast<void>(never.wait());
  });
  EXPECT_EQ(result.verdict, Verdict::liveness);
  EXPECT_EQ(result.label, "deadlock");
  EXPECT_NE(result.message.find("'main' waits: wait for 'godot'"), std::string::npos)
      << result.message;
}

TEST_F(WorldTest, takes_no_background_timer_for_hope) {
  const RunResult result = run([&](Scheduler& s) {
    s.spawn({.name = "housekeeper", .background = true}, [&] {
      for (;;) static_cast<void>(runtime::sleep_for(s, 1s));
    });
    runtime::FiberEvent never{s, "godot"};
    static_cast<void>(never.wait());
  });
  EXPECT_EQ(result.label, "deadlock");
}

TEST_F(WorldTest, hopes_for_a_background_timer_that_serves_foreground_waits) {
  const RunResult result = run([&](Scheduler& s) {
    runtime::FiberEvent event{s, "swept"};
    s.spawn({.name = "sweep", .background = true}, [&] {
      Wait wait{{.verb = "sweep", .name = "calls"}};
      wait.serves_foreground = true;
      static_cast<void>(s.park_until(wait, TimePoint{1s}));
      event.set();
    });
    EXPECT_TRUE(event.wait().has_value());
  });
  EXPECT_EQ(result.verdict, Verdict::survived) << result.message;
}

TEST_F(WorldTest, calls_endless_yielding_a_spin) {
  const RunResult result = run([&](Scheduler& s) {
    for (;;) s.yield();
  });
  EXPECT_EQ(result.label, "spin");
  EXPECT_NE(result.message.find("'main'"), std::string::npos);
}

TEST_F(WorldTest, ends_at_the_step_bound) {
  const RunResult result = run([&](Scheduler& s) {
    for (;;) {
      s.touch({.verb = "poll", .name = "flag"});
    }
  }, {.steps_max = 1000});
  EXPECT_EQ(result.label, "step_bound");
  EXPECT_TRUE(result.hit_step_bound);
  EXPECT_EQ(result.steps, 1000u);
}

TEST_F(WorldTest, ends_at_the_next_schedule_point_after_a_failed_check) {
  int after = 0;
  const RunResult result = run([&](Scheduler& s) {
    world().checks().always(false, "test.broken", [] { return std::string{"as it must"}; });
    ++after;
    s.yield();
    ++after;
  });
  EXPECT_EQ(after, 1);
  EXPECT_EQ(result.verdict, Verdict::safety);
  EXPECT_EQ(result.label, "test.broken");
  EXPECT_EQ(result.message, "as it must");
  EXPECT_EQ(result.failed_fiber, "main");
}

TEST_F(WorldTest, judges_only_the_label_asked_for) {
  const auto main = [&](Scheduler& s) {
    world().checks().always(false, "test.frequent");
    s.yield();
    world().checks().always(false, "test.rare");
  };
  EXPECT_EQ(run(main, {.only = "test.rare"}).label, "test.rare");
  EXPECT_EQ(run(main, {.only = "test.other"}).verdict, Verdict::survived);
}

TEST_F(WorldTest, unwinds_what_is_left_newest_first) {
  std::string seen;
  struct Note {
    std::string& seen;
    char letter;
    ~Note() { seen += letter; }
  };
  run([&](Scheduler& s) {
    for (const char letter : {'a', 'b', 'c'}) {
      s.spawn({.name = "sleeper", .background = true}, [&, letter] {
        const Note note{seen, letter};
        static_cast<void>(runtime::sleep_for(s, 1h));
      });
    }
    static_cast<void>(runtime::sleep_for(s, 1s));
  });
  EXPECT_EQ(seen, "cba");
}

TEST_F(WorldTest, abandons_a_fiber_that_swallows_its_unwinding) {
  const RunResult result = run([&](Scheduler& s) {
    s.spawn({.name = "stubborn", .background = true}, [&] {
      for (;;) {
        try {
          static_cast<void>(runtime::sleep_for(s, 1h));
        } catch (...) {
        }
      }
    });
    s.yield();
    static_cast<void>(runtime::sleep_for(s, 1s));
  });
  EXPECT_EQ(result.fibers_abandoned, 1u);
}

TEST_F(WorldTest, answers_at_once_when_a_destructor_parks_while_unwinding) {
  std::string seen;
  struct Parks {
    Scheduler& s;
    std::string& seen;
    ~Parks() {
      Wait wait{{.verb = "bad", .name = "habit"}};
      if (s.unwinding() && s.park_until(wait, runtime::no_deadline) == WaitEnd::cancelled) {
        seen += "refused";
      }
    }
  };
  run([&](Scheduler& s) {
    s.spawn({.name = "bad", .background = true}, [&] {
      const Parks parks{s, seen};
      static_cast<void>(runtime::sleep_for(s, 1h));
    });
    static_cast<void>(runtime::sleep_for(s, 1s));
  });
  EXPECT_EQ(seen, "refused");
}

TEST_F(WorldTest, gives_an_uncaught_exception_its_verdict) {
  const RunResult result = run([&](Scheduler&) { throw std::runtime_error{"oops"}; });
  EXPECT_EQ(result.verdict, Verdict::crash);
  EXPECT_EQ(result.label, "uncaught_exception");
  EXPECT_NE(result.message.find("oops"), std::string::npos);
}

TEST_F(WorldTest, runs_blocking_work_without_keeping_its_worker) {
  std::vector<std::string> seen;
  run([&](Scheduler& s) {
    s.spawn({.name = "neighbour"}, [&] {
      static_cast<void>(runtime::sleep_for(s, 1ms));
      seen.push_back("neighbour");
    });
    const auto done = s.run_blocking("compile", [&] { s.spend(1s); }, runtime::no_deadline);
    EXPECT_TRUE(done.has_value());
    seen.push_back("compiled");
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"neighbour", "compiled"}));
}

TEST_F(WorldTest, gives_timeout_when_blocking_work_is_late) {
  run([&](Scheduler& s) {
    const auto done = s.run_blocking("stuck", [&] { s.spend(1h); }, TimePoint{1s});
    EXPECT_EQ(done.error().code, runtime::Errc::timeout);
    EXPECT_EQ(s.now(), TimePoint{1s});
  });
}

TEST_F(WorldTest, does_not_let_fault_points_fire_when_they_are_off) {
  run([&](Scheduler&) {
    for (int i = 0; i < 100; ++i) {
      EXPECT_FALSE(world().services().probe.fault_point(THRESHER_SITE("test.point")));
    }
  }, {.fault_points = false});
}

TEST_F(WorldTest, counts_what_was_sometimes_true) {
  const RunResult result = run([&](Scheduler&) {
    world().checks().sometimes(false, "test.never");
    world().checks().sometimes(true, "test.once");
    world().checks().reachable("test.reached");
  });
  EXPECT_EQ(result.reached.at("test.never"), 0u);
  EXPECT_EQ(result.reached.at("test.once"), 1u);
  EXPECT_EQ(result.reached.at("test.reached"), 1u);
}

TEST_F(WorldTest, draws_entropy_by_name) {
  const auto draw = [&](std::vector<const char*> names) {
    std::vector<std::uint64_t> drawn;
    run([&](Scheduler&) {
      for (const char* name : names) drawn.push_back(world().services().entropy.next(name));
    }, {.seed = 7});
    return drawn;
  };
  EXPECT_EQ(draw({"x", "y"})[1], draw({"y"})[0]);
}

}  // namespace
}  // namespace thresher::sim
