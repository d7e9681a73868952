// Sleep, FiberEvent, Mutex and Semaphore over every Scheduler.
// Who waits is served in order of arrival; what was granted to a wait that had ended goes on.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/runtime/fiber/scope.h"

namespace thresher::contract {
namespace {

using namespace runtime;

Errc code_of(const Result<void>& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? Errc::configuration : result.error().code;
}

TEST_P(SyncContract, sleep_ends_after_its_span) {
  run([this] {
    const TimePoint start = scheduler.now();
    EXPECT_TRUE(sleep_for(scheduler, tick));
    EXPECT_GE(scheduler.now(), start + tick);
  });
}

TEST_P(SyncContract, sleep_is_cut_short_by_cancellation) {
  run([this] {
    CancellationSource source{scheduler};
    spawn([&] { source.cancel(); });
    EXPECT_EQ(code_of(sleep_for(scheduler, std::chrono::hours{1}, source.token())),
              Errc::cancelled);
  });
}

TEST_P(SyncContract, a_cancelled_token_lets_nothing_begin) {
  run([this] {
    CancellationSource source{scheduler};
    source.cancel();
    Mutex mutex{scheduler, "mutex"};
    Semaphore semaphore{scheduler, "semaphore", 1};
    EXPECT_EQ(code_of(sleep_for(scheduler, tick, source.token())), Errc::cancelled);
    EXPECT_EQ(code_of(mutex.lock(source.token())), Errc::cancelled);
    EXPECT_EQ(code_of(semaphore.acquire(1, source.token())), Errc::cancelled);
    EXPECT_FALSE(mutex.locked());
    EXPECT_EQ(semaphore.available(), 1u);
  });
}

// FiberEvent.

TEST_P(SyncContract, event_lets_all_waiters_pass_once_set) {
  run([this] {
    FiberEvent event{scheduler, "event"};
    int passed = 0;
    for (int i = 0; i < 3; ++i) {
      spawn([&] {
        EXPECT_TRUE(event.wait());
        ++passed;
      });
    }
    let_others_run();
    EXPECT_EQ(passed, 0);
    event.set();
    EXPECT_TRUE(event.wait());
    let_others_run();
    EXPECT_EQ(passed, 3);
  });
}

TEST_P(SyncContract, event_holds_waiters_again_once_cleared) {
  run([this] {
    FiberEvent event{scheduler, "event"};
    event.set();
    EXPECT_TRUE(event.is_set());
    event.clear();
    EXPECT_EQ(code_of(event.wait({}, in(tick))), Errc::timeout);
  });
}

TEST_P(SyncContract, event_waiters_that_were_woken_pass_even_if_it_is_cleared_at_once) {
  run([this] {
    FiberEvent event{scheduler, "event"};
    spawn([&] {
      EXPECT_TRUE(event.wait());
      log.emplace_back("passed");
    });
    let_others_run();
    event.set();
    event.clear();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(SyncContract, event_wait_ends_by_deadline_and_by_token) {
  run([this] {
    FiberEvent event{scheduler, "event"};
    CancellationSource source{scheduler};
    EXPECT_EQ(code_of(event.wait(source.token(), in(tick))), Errc::timeout);
    spawn([&] { source.cancel(); });
    EXPECT_EQ(code_of(event.wait(source.token())), Errc::cancelled);
  });
}

// Mutex.

TEST_P(SyncContract, mutex_keeps_others_out_across_waits) {
  run([this] {
    const auto mutex = std::make_shared<Mutex>(scheduler, "mutex");
    const auto inside = std::make_shared<int>(0);
    for (int i = 0; i < 8; ++i) {
      spawn([this, mutex, inside] {
        for (int round = 0; round < 10; ++round) {
          ASSERT_TRUE(mutex->lock());
          const MutexLock lock{*mutex};
          EXPECT_EQ(++*inside, 1);
          scheduler.yield();
          --*inside;
        }
      });
    }
  });
}

TEST_P(SyncContract, mutex_is_handed_over_in_order_of_arrival) {
  run([this] {
    Mutex mutex{scheduler, "mutex"};
    ASSERT_TRUE(mutex.lock());
    for (int i = 0; i < 4; ++i) {
      spawn([&, i] {
        ASSERT_TRUE(mutex.lock());
        log.push_back(std::to_string(i));
        mutex.unlock();
      });
      let_others_run();
    }
    mutex.unlock();
    EXPECT_TRUE(mutex.locked());  // The first waiter has it already: nobody can barge in.
    let_others_run();
    EXPECT_FALSE(mutex.locked());
  });
  EXPECT_EQ(log, (std::vector<std::string>{"0", "1", "2", "3"}));
}

TEST_P(SyncContract, mutex_goes_to_the_next_waiter_when_the_first_has_given_up) {
  run([this] {
    Mutex mutex{scheduler, "mutex"};
    CancellationSource source{scheduler};
    ASSERT_TRUE(mutex.lock());
    spawn([&] {
      EXPECT_EQ(code_of(mutex.lock(source.token())), Errc::cancelled);
      log.emplace_back("first");
    });
    let_others_run();
    spawn([&] {
      ASSERT_TRUE(mutex.lock());
      log.emplace_back("second");
      mutex.unlock();
    });
    let_others_run();
    source.cancel();
    mutex.unlock();  // Before the first one has run: its wait has ended all the same.
    let_others_run();
    EXPECT_FALSE(mutex.locked());
  });
  EXPECT_EQ(log.size(), 2u);
}

TEST_P(SyncContract, mutex_wait_that_times_out_leaves_it_to_its_owner) {
  run([this] {
    Mutex mutex{scheduler, "mutex"};
    ASSERT_TRUE(mutex.lock());
    spawn([&] { EXPECT_EQ(code_of(mutex.lock({}, in(tick))), Errc::timeout); });
    sleep(10 * tick);
    EXPECT_TRUE(mutex.locked());
    mutex.unlock();
    EXPECT_TRUE(mutex.try_lock());
    mutex.unlock();
  });
}

TEST_P(SyncContract, mutex_lock_guard_moves_and_unlocks_once) {
  run([this] {
    Mutex mutex{scheduler, "mutex"};
    ASSERT_TRUE(mutex.lock());
    {
      MutexLock first{mutex};
      const MutexLock second{std::move(first)};
      EXPECT_TRUE(mutex.locked());
    }
    EXPECT_FALSE(mutex.locked());
  });
}

// Semaphore.

TEST_P(SyncContract, semaphore_gives_no_more_permits_than_it_has) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 2};
    EXPECT_TRUE(semaphore.acquire());
    EXPECT_TRUE(semaphore.try_acquire());
    EXPECT_FALSE(semaphore.try_acquire());
    EXPECT_EQ(code_of(semaphore.acquire(1, {}, in(tick))), Errc::timeout);
    semaphore.release(2);
    EXPECT_EQ(semaphore.available(), 2u);
  });
}

TEST_P(SyncContract, semaphore_serves_waiters_in_order_of_arrival) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 0};
    for (int i = 0; i < 3; ++i) {
      spawn([&, i] {
        EXPECT_TRUE(semaphore.acquire());
        log.push_back(std::to_string(i));
      });
      let_others_run();
    }
    EXPECT_EQ(semaphore.waiting(), 3u);
    for (int i = 0; i < 3; ++i) {
      semaphore.release();
      let_others_run();
    }
  });
  EXPECT_EQ(log, (std::vector<std::string>{"0", "1", "2"}));
}

TEST_P(SyncContract, semaphore_small_requests_do_not_overtake_a_large_one) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 1};
    spawn([&] {
      EXPECT_TRUE(semaphore.acquire(3));
      log.emplace_back("large");
    });
    let_others_run();
    EXPECT_FALSE(semaphore.try_acquire());
    semaphore.release();
    let_others_run();
    EXPECT_TRUE(log.empty());
    semaphore.release();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(SyncContract, semaphore_large_request_that_gives_up_lets_the_small_ones_pass) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 1};
    CancellationSource source{scheduler};
    spawn([&] { EXPECT_EQ(code_of(semaphore.acquire(3, source.token())), Errc::cancelled); });
    let_others_run();
    spawn([&] {
      EXPECT_TRUE(semaphore.acquire());
      log.emplace_back("small");
    });
    let_others_run();
    EXPECT_TRUE(log.empty());
    source.cancel();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(SyncContract, semaphore_permit_granted_to_a_cancelled_wait_goes_to_the_next) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 0};
    CancellationSource source{scheduler};
    spawn([&] { EXPECT_EQ(code_of(semaphore.acquire(1, source.token())), Errc::cancelled); });
    let_others_run();
    spawn([&] {
      EXPECT_TRUE(semaphore.acquire());
      log.emplace_back("next");
    });
    let_others_run();
    source.cancel();
    semaphore.release();
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
    EXPECT_EQ(semaphore.available(), 0u);
  });
}

TEST_P(SyncContract, semaphore_loses_and_makes_no_permit_under_cancellation) {
  run([this] {
    Semaphore semaphore{scheduler, "semaphore", 3};
    CancellationSource source{scheduler};
    Scope scope{scheduler, "users"};
    for (int i = 0; i < 30; ++i) {
      scope.spawn([&, i] {
        const auto count = static_cast<std::uint64_t>(i % 3 + 1);
        const auto token = i % 2 == 0 ? source.token() : CancellationToken::none();
        if (!semaphore.acquire(count, token)) return;
        scheduler.yield();
        if (i == 9) source.cancel();
        semaphore.release(count);
      });
    }
    scope.join();
    EXPECT_EQ(semaphore.waiting(), 0u);
    EXPECT_EQ(semaphore.available(), 3u);
  });
}

}  // namespace
}  // namespace thresher::contract
