// What the thread scheduler promises beyond the contract of the seam.
// Outside threads, the shutdown, helper threads that never return, and stress.
#include "thresher/runtime/threads/thread_scheduler.h"

#include "thresher/runtime/fiber/channel.h"
#include "thresher/runtime/fiber/future.h"
#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/fiber/sync.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;

class ThreadSchedulerTest : public testing::Test {
 protected:
  void spawn(Task body, std::uint32_t worker = 0) {
    scheduler.spawn({.worker = WorkerId{worker}, .name = "test"}, std::move(body));
  }
  void park_for_ever() {
    Wait wait{{.verb = "wait for", .name = "the end"}};
    scheduler.park_until(wait, no_deadline);
  }

  ThreadScheduler scheduler{{.workers = 3, .shutdown_grace = 200ms}};
};

TEST_F(ThreadSchedulerTest, starts_and_ends_without_work) { scheduler.wait_for_foreground(); }

TEST_F(ThreadSchedulerTest, shuts_down_twice_in_peace) {
  scheduler.shut_down();
  scheduler.shut_down();
}

TEST_F(ThreadSchedulerTest, waits_for_fibers_that_fibers_started_elsewhere) {
  std::atomic<int> ended{0};
  spawn([&] {
    for (std::uint32_t worker = 0; worker < 3; ++worker) {
      spawn([&] {
        EXPECT_TRUE(sleep_for(scheduler, 2ms));
        ++ended;
      }, worker);
    }
  });
  scheduler.wait_for_foreground();
  EXPECT_EQ(ended, 3);
}

TEST_F(ThreadSchedulerTest, does_not_wait_for_background_fibers) {
  scheduler.spawn({.name = "test", .background = true}, [this] { park_for_ever(); });
  scheduler.wait_for_foreground();
}

TEST_F(ThreadSchedulerTest, an_outside_thread_may_end_a_wait) {
  std::atomic<Wait*> parked{nullptr};
  spawn([&] {
    Wait wait{{.verb = "wait for", .name = "outside"}};
    parked = &wait;
    EXPECT_EQ(scheduler.park_until(wait, no_deadline), WaitEnd::cancelled);
  });
  while (parked == nullptr) std::this_thread::yield();
  EXPECT_TRUE(scheduler.unpark(*parked, WaitEnd::cancelled));
  scheduler.wait_for_foreground();
}

TEST_F(ThreadSchedulerTest, an_outside_thread_may_set_a_promise) {
  Promise<int> promise{scheduler};
  spawn([future = promise.future()] { EXPECT_EQ(*future.get(), 6); }, 2);
  promise.set(6);
  scheduler.wait_for_foreground();
}

TEST_F(ThreadSchedulerTest, the_shutdown_ends_foreground_fibers_too) {
  std::atomic<int> unwound{0};
  struct Count {
    std::atomic<int>& count;
    ~Count() { ++count; }
  };
  std::atomic<int> running{0};
  for (std::uint32_t worker = 0; worker < 3; ++worker) {
    spawn([&] {
      const Count count{unwound};
      ++running;
      park_for_ever();
    }, worker);
  }
  while (running < 3) std::this_thread::yield();
  scheduler.shut_down();
  EXPECT_EQ(unwound, 3);
}

TEST_F(ThreadSchedulerTest, the_shutdown_unwinds_children_of_a_scope_before_its_owner) {
  struct Note {
    std::vector<std::string>& log;
    const char* text;
    ~Note() { log.emplace_back(text); }
  };
  std::vector<std::string> log;
  std::atomic<bool> running{false};
  spawn([&] {
    const Note owner{log, "owner"};
    with_scope(scheduler, "scope", [&](Scope& scope) {
      scope.spawn([&] {
        const Note child{log, "child"};
        running = true;
        park_for_ever();
      });
      scope.join();
    });
  });
  while (!running) std::this_thread::yield();
  scheduler.shut_down();
  EXPECT_EQ(log, (std::vector<std::string>{"child", "owner"}));
}

TEST_F(ThreadSchedulerTest, a_fiber_that_only_yields_is_unwound_too) {
  std::atomic<bool> running{false};
  spawn([&] {
    while (true) {
      running = true;
      scheduler.yield();
    }
  });
  while (!running) std::this_thread::yield();
  scheduler.shut_down();
}

// Helper threads.

/// A body's flag that outlives the test's fiber: what is written off owns what it touches.
using Flag = std::shared_ptr<std::atomic<bool>>;

void block_until(const Flag& flag) {
  while (!*flag) std::this_thread::sleep_for(1ms);
}

TEST_F(ThreadSchedulerTest, a_helper_that_misses_its_deadline_is_counted_until_it_returns) {
  const Flag release = std::make_shared<std::atomic<bool>>(false);
  const Flag begun = std::make_shared<std::atomic<bool>>(false);
  spawn([&] {
    while (!*begun) {  // On a busy machine a call may time out before its helper began.
      const auto result = scheduler.run_blocking(
          "work",
          [release, begun] {
            *begun = true;
            block_until(release);
          },
          scheduler.now() + 5ms);
      EXPECT_EQ(result.error().code, Errc::timeout);
    }
  });
  scheduler.wait_for_foreground();
  EXPECT_EQ(scheduler.helpers_written_off(), 1u);
  EXPECT_EQ(scheduler.helpers_stuck(), 1u);
  *release = true;
  while (scheduler.helpers_stuck() != 0) std::this_thread::yield();
  EXPECT_EQ(scheduler.helpers_written_off(), 1u);
}

TEST_F(ThreadSchedulerTest, the_shutdown_gives_a_running_helper_its_grace) {
  std::atomic<bool> begun{false};
  spawn([&] {
    std::string text = "still here";  // The body uses its fiber's stack, as it may.
    static_cast<void>(scheduler.run_blocking(
        "work",
        [&] {
          begun = true;
          std::this_thread::sleep_for(20ms);
          EXPECT_EQ(text, "still here");
        },
        no_deadline));
  });
  while (!begun) std::this_thread::yield();
  scheduler.shut_down();
  EXPECT_EQ(scheduler.helpers_written_off(), 0u);
}

TEST_F(ThreadSchedulerTest, the_shutdown_writes_off_a_helper_that_never_returns) {
  const Flag release = std::make_shared<std::atomic<bool>>(false);
  const Flag begun = std::make_shared<std::atomic<bool>>(false);
  spawn([&] {
    static_cast<void>(scheduler.run_blocking(
        "work",
        [release, begun] {
          *begun = true;
          block_until(release);
        },
        no_deadline));
  });
  while (!*begun) std::this_thread::yield();
  scheduler.shut_down();
  EXPECT_EQ(scheduler.helpers_stuck(), 1u);
  *release = true;
}

TEST(ThreadScheduler, blocking_calls_beyond_the_limit_of_helpers_wait_their_turn) {
  ThreadScheduler scheduler{{.helper_threads_max = 2}};
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  for (int i = 0; i < 8; ++i) {
    scheduler.spawn({.name = "test"}, [&] {
      EXPECT_TRUE(scheduler.run_blocking(
          "work",
          [&] {
            const int now_inside = ++inside;
            if (now_inside > most) most = now_inside;
            std::this_thread::sleep_for(2ms);
            --inside;
          },
          no_deadline));
    });
  }
  scheduler.wait_for_foreground();
  EXPECT_LE(most, 2);
}

// Stress: what ThreadSanitizer looks at.

TEST_F(ThreadSchedulerTest, timers_wakes_and_cancellations_meet_on_all_workers) {
  std::atomic<int> ended{0};
  constexpr int fibers = 60;
  for (int i = 0; i < fibers; ++i) {
    spawn([&, i] {
      for (int round = 0; round < 40; ++round) {
        const Duration span{(i + round) % 7 * 20000};
        CancellationSource source{scheduler, {}, scheduler.now() + span};
        Promise<int> promise{scheduler};
        const Future<int> future = promise.future();
        const auto worker = static_cast<std::uint32_t>((i + round) % 3);
        spawn([p = std::make_shared<Promise<int>>(std::move(promise)), token = source.token()] {
          if (!token.is_cancelled()) p->set(1);
        }, worker);
        static_cast<void>(future.get(source.token(), scheduler.now() + Duration{50000}));
        if (round % 5 == 0) source.cancel();
      }
      ++ended;
    }, static_cast<std::uint32_t>(i % 3));
  }
  scheduler.wait_for_foreground();
  EXPECT_EQ(ended, fibers);
}

TEST_F(ThreadSchedulerTest, a_shutdown_in_full_flight_ends_everything) {
  const auto channel = std::make_shared<Channel<int>>(scheduler, "channel", 2);
  for (int i = 0; i < 12; ++i) {
    spawn([channel] {
      while (channel->send(1)) {
      }
    }, static_cast<std::uint32_t>(i % 3));
    spawn([channel] {
      while (channel->receive()) {
      }
    }, static_cast<std::uint32_t>(i % 3));
  }
  std::this_thread::sleep_for(20ms);
  scheduler.shut_down();
  EXPECT_EQ(scheduler.abandoned_fibers(), 0u);
}

}  // namespace
}  // namespace thresher::runtime
