// Futures and channels over every Scheduler.
// Both cross workers; what is handed to a wait that had ended is not lost.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/runtime/fiber/channel.h"
#include "thresher/runtime/fiber/future.h"

#include <algorithm>
#include <atomic>
#include <numeric>

namespace thresher::contract {
namespace {

using namespace runtime;

TEST_P(FutureContract, get_gives_what_was_set_before) {
  run([this] {
    Promise<int> promise{scheduler};
    promise.set(4);
    EXPECT_TRUE(promise.is_set());
    EXPECT_EQ(*promise.future().get(), 4);
  });
}

TEST_P(FutureContract, get_waits_for_what_is_set_later_on_another_worker) {
  run([this] {
    for (int i = 0; i < 100; ++i) {
      Promise<int> promise{scheduler};
      const Future<int> future = promise.future();
      spawn([p = std::make_shared<Promise<int>>(std::move(promise)), i] { p->set(i); }, 1);
      EXPECT_EQ(*future.get(), i);
    }
  });
}

TEST_P(FutureContract, every_copy_gives_the_value) {
  run([this] {
    Promise<std::string> promise{scheduler};
    for (std::uint32_t worker = 0; worker < 2; ++worker) {
      spawn([future = promise.future()] { EXPECT_EQ(*future.get(), "value"); }, worker);
    }
    sleep(tick);
    promise.set(std::string{"value"});
    EXPECT_EQ(*promise.future().get(), "value");
  });
}

TEST_P(FutureContract, an_error_that_was_set_comes_out) {
  run([this] {
    Promise<int> promise{scheduler};
    promise.set(fail(Errc::capacity));
    EXPECT_EQ(promise.future().get().error().code, Errc::capacity);
  });
}

TEST_P(FutureContract, take_moves_the_value_out) {
  run([this] {
    Promise<std::unique_ptr<int>> promise{scheduler};
    promise.set(std::make_unique<int>(3));
    Future<std::unique_ptr<int>> future = promise.future();
    EXPECT_EQ(**future.take(), 3);
  });
}

TEST_P(FutureContract, a_promise_that_dies_unset_closes_its_future) {
  run([this] {
    Future<int> future;
    { future = Promise<int>{scheduler}.future(); }
    EXPECT_EQ(future.get().error().code, Errc::closed);
  });
}

TEST_P(FutureContract, a_wait_ends_by_deadline_and_by_token_and_leaves_the_future_usable) {
  run([this] {
    Promise<int> promise{scheduler};
    CancellationSource source{scheduler};
    const Future<int> future = promise.future();
    EXPECT_EQ(future.get({}, in(tick)).error().code, Errc::timeout);
    source.cancel();
    EXPECT_EQ(future.get(source.token()).error().code, Errc::cancelled);
    promise.set(1);
    EXPECT_EQ(*future.get(source.token()), 1);  // What is there needs no wait.
  });
}

TEST_P(FutureContract, when_all_waits_for_the_last) {
  run([this] {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    for (int i = 0; i < 3; ++i) {
      futures.push_back(promises.emplace_back(scheduler).future());
    }
    EXPECT_EQ(when_all<int>(futures, {}, in(tick)).error().code, Errc::timeout);
    for (auto& promise : promises) promise.set(0);
    EXPECT_TRUE(when_all<int>(futures));
  });
}

TEST_P(FutureContract, when_any_gives_the_first_that_is_ready) {
  run([this] {
    std::vector<Promise<int>> promises;
    std::vector<Future<int>> futures;
    for (int i = 0; i < 3; ++i) {
      futures.push_back(promises.emplace_back(scheduler).future());
    }
    EXPECT_EQ(when_any<int>(futures, {}, in(tick)).error().code, Errc::timeout);
    spawn([&] { promises[2].set(0); });
    EXPECT_EQ(*when_any<int>(futures), 2u);
    promises[1].set(0);
    EXPECT_EQ(*when_any<int>(futures), 1u);
  });
}

// Channels.

TEST_P(ChannelContract, gives_items_in_the_order_sent) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 3};
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(channel.send(i));
    EXPECT_EQ(channel.size(), 3u);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(*channel.receive(), i);
  });
}

TEST_P(ChannelContract, a_sender_waits_while_it_is_full) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 1};
    EXPECT_TRUE(channel.send(1));
    EXPECT_EQ(channel.try_send(2).error().code, Errc::overloaded);
    EXPECT_EQ(channel.send(2, {}, in(tick)).error().code, Errc::timeout);
    spawn([&] {
      EXPECT_TRUE(channel.send(3));
      log.emplace_back("sent");
    });
    let_others_run();
    EXPECT_TRUE(log.empty());
    EXPECT_EQ(*channel.receive(), 1);
    EXPECT_EQ(*channel.receive(), 3);
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(ChannelContract, a_sender_that_waits_is_not_overtaken) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 1};
    EXPECT_TRUE(channel.send(1));
    spawn([&] { EXPECT_TRUE(channel.send(2)); });
    let_others_run();
    EXPECT_EQ(*channel.receive(), 1);
    EXPECT_EQ(channel.try_send(3).error().code, Errc::overloaded);
    EXPECT_EQ(*channel.receive(), 2);
    let_others_run();
  });
}

TEST_P(ChannelContract, an_item_for_a_receiver_that_gave_up_goes_to_the_next) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 1};
    CancellationSource source{scheduler};
    spawn([&] { EXPECT_EQ(channel.receive(source.token()).error().code, Errc::cancelled); });
    let_others_run();
    spawn([&] {
      EXPECT_EQ(*channel.receive(), 7);
      log.emplace_back("received");
    });
    let_others_run();
    source.cancel();
    EXPECT_TRUE(channel.send(7));
    let_others_run();
    EXPECT_EQ(log.size(), 1u);
    EXPECT_EQ(channel.size(), 0u);
  });
}

TEST_P(ChannelContract, what_a_sender_gave_up_is_not_sent) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 1};
    CancellationSource source{scheduler};
    EXPECT_TRUE(channel.send(1));
    spawn([&] { EXPECT_FALSE(channel.send(2, source.token())); });
    let_others_run();
    source.cancel();
    EXPECT_EQ(*channel.receive(), 1);
    EXPECT_EQ(channel.size(), 0u);
    let_others_run();
  });
}

TEST_P(ChannelContract, a_closed_one_gives_what_is_in_it_and_then_says_so) {
  run([this] {
    Channel<int> channel{scheduler, "channel", 2};
    EXPECT_TRUE(channel.send(1));
    channel.close();
    EXPECT_TRUE(channel.closed());
    EXPECT_EQ(channel.send(2).error().code, Errc::closed);
    EXPECT_EQ(channel.try_send(2).error().code, Errc::closed);
    EXPECT_EQ(*channel.receive(), 1);
    EXPECT_EQ(channel.receive().error().code, Errc::closed);
  });
}

TEST_P(ChannelContract, closing_ends_the_waits_of_both_sides) {
  run([this] {
    Channel<int> empty{scheduler, "empty", 1};
    Channel<int> full{scheduler, "full", 1};
    EXPECT_TRUE(full.send(1));
    spawn([&] { log.emplace_back(name(empty.receive().error().code)); });
    spawn([&] { log.emplace_back(name(full.send(2).error().code)); });
    let_others_run();
    empty.close();
    full.close();
    let_others_run();
    EXPECT_EQ(full.size(), 1u);
  });
  EXPECT_EQ(log, (std::vector<std::string>{"closed", "closed"}));
}

TEST_P(ChannelContract, loses_and_doubles_nothing_between_workers) {
  constexpr int senders = 4;
  constexpr int items = 200;
  std::atomic<std::int64_t> sum{0};
  std::atomic<int> count{0};
  run([&] {
    const auto channel = std::make_shared<Channel<int>>(scheduler, "channel", 3);
    for (std::uint32_t i = 0; i < senders; ++i) {
      spawn([channel] {
        for (int item = 1; item <= items; ++item) EXPECT_TRUE(channel->send(item));
      }, i % 2);
      spawn([channel, &sum, &count] {
        for (int item = 0; item < items; ++item) {
          sum += *channel->receive();
          ++count;
        }
      }, (i + 1) % 2);
    }
  });
  EXPECT_EQ(count, senders * items);
  EXPECT_EQ(sum, senders * items * (items + 1) / 2);
}

}  // namespace
}  // namespace thresher::contract
