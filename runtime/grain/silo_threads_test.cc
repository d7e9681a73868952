// The silo over real worker threads: calls within and across workers, cancellation, deactivation
// and stop under load. What is exact in time is tested in the simulated world.
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/grain/silo.h"
#include "thresher/runtime/threads/thread_scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;

struct IBusy : Interface<"test.Busy"> {
  static constexpr auto add = method<"add", std::int64_t(std::int64_t)>();
  static constexpr auto relay = method<"relay", std::int64_t(std::string, std::int64_t)>();
  static constexpr auto stop = method<"stop", void()>();
  static constexpr auto wait = method<"wait", bool(std::int64_t)>();
  static constexpr auto methods = method_table(add, relay, stop, wait);
};

class BusyGrain final : public Grain {
 public:
  BusyGrain(GrainContext& context, std::atomic<int>& alive) : Grain{context}, alive_{alive} {
    ++alive_;
  }
  ~BusyGrain() override { --alive_; }
  static void bind(MethodTable<BusyGrain>& table) {
    table.implements<IBusy>()
        .on(IBusy::add, &BusyGrain::add)
        .on(IBusy::relay, &BusyGrain::relay)
        .on(IBusy::stop, &BusyGrain::stop)
        .on(IBusy::wait, &BusyGrain::wait);
  }
  std::int64_t add(std::int64_t amount) { return value_ += amount; }
  std::int64_t relay(const std::string& to, std::int64_t amount) const {
    return get_grain<IBusy>(to).call(IBusy::add, amount).value();
  }
  void stop() { deactivate_on_idle(); }
  bool wait(std::int64_t milliseconds, const CancellationToken& token) const {
    return sleep_for(scheduler(), std::chrono::milliseconds{milliseconds}, token).has_value();
  }

 private:
  std::atomic<int>& alive_;
  std::int64_t value_ = 0;
};

class SystemlessEntropy final : public Entropy {
 public:
  std::uint64_t next(std::string_view) override { return state_ += 0x9e3779b97f4a7c15u; }

 private:
  std::atomic<std::uint64_t> state_{0};
};

class SiloOnThreads : public testing::Test {
 protected:
  template <typename Body>
  void run(std::uint32_t workers, Body body) {
    ThreadScheduler scheduler{{.workers = workers}};
    const Services services{scheduler, entropy, probe};
    scheduler.spawn({.name = "client"}, [&] {
      Silo silo{services};
      silo.add_service(alive);
      silo.register_grain<BusyGrain>("busy", [](GrainContext& context, std::atomic<int>& count) {
        return std::make_unique<BusyGrain>(context, count);
      });
      silo.start().value();
      body(silo, scheduler);
      static_cast<void>(silo.stop(deadline_after(scheduler.now(), 10s)));
    });
    scheduler.wait_for_foreground();
    scheduler.shut_down();
    EXPECT_EQ(alive, 0);
  }
  static GrainRef<IBusy> grain(Silo& silo, int i) {
    return silo.get_grain<IBusy>("k" + std::to_string(i));
  }

  SystemlessEntropy entropy;
  NullProbe probe;
  std::atomic<int> alive{0};
};

TEST_F(SiloOnThreads, loses_no_increment_among_grains_of_several_workers) {
  run(3, [](Silo& silo, Scheduler&) {
    std::vector<CallFuture<std::int64_t>> calls;
    for (int i = 0; i < 2000; ++i) {
      calls.push_back(grain(silo, i % 20).start(IBusy::relay, "sum" + std::to_string(i % 3), 1));
    }
    for (auto& call : calls) EXPECT_TRUE(call.take());
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      sum += silo.get_grain<IBusy>("sum" + std::to_string(i)).call(IBusy::add, 0).value();
    }
    EXPECT_EQ(sum, 2000);
  });
}

TEST_F(SiloOnThreads, b07_loses_no_call_while_grains_deactivate_themselves) {
  run(3, [](Silo& silo, Scheduler&) {
    std::vector<CallFuture<std::int64_t>> calls;
    for (int i = 0; i < 3000; ++i) {
      calls.push_back(grain(silo, i % 10).start(IBusy::add, 1));
      if (i % 50 == 0) static_cast<void>(grain(silo, i % 10).start(IBusy::stop));
    }
    for (auto& call : calls) EXPECT_TRUE(call.take());
  });
}

TEST_F(SiloOnThreads, b22_tells_running_requests_of_other_workers_that_they_are_cancelled) {
  run(3, [](Silo& silo, Scheduler& scheduler) {
    for (int i = 0; i < 20; ++i) {
      CancellationSource source{scheduler};
      auto waiting =
          grain(silo, i).with({.token = source.token()}).start(IBusy::wait, 60'000);
      sleep_for(scheduler, 1ms).value();
      source.cancel();
      EXPECT_EQ(waiting.get().error().error.code, Errc::cancelled);
    }
  });
}

TEST_F(SiloOnThreads, b16_ends_calls_by_timeout_not_before_it) {
  run(2, [](Silo& silo, Scheduler& scheduler) {
    const TimePoint start = scheduler.now();
    const auto failed = grain(silo, 1).with({.timeout = 50ms}).call(IBusy::wait, 500);
    EXPECT_EQ(failed.error().error.code, Errc::timeout);
    EXPECT_GE(scheduler.now() - start, 45ms);
  });
}

TEST_F(SiloOnThreads, survives_that_its_world_ends_under_load) {
  ThreadScheduler scheduler{{.workers = 2}};
  const Services services{scheduler, entropy, probe};
  Silo silo{services};
  silo.add_service(alive);
  silo.register_grain<BusyGrain>("busy", [](GrainContext& context, std::atomic<int>& count) {
    return std::make_unique<BusyGrain>(context, count);
  });
  std::atomic<bool> loaded{false};
  scheduler.spawn({.name = "client"}, [&] {
    silo.start().value();
    std::vector<CallFuture<bool>> waiting;
    for (int i = 0; i < 50; ++i) waiting.push_back(grain(silo, i).start(IBusy::wait, 60'000));
    for (int i = 0; i < 50; ++i) {
      static_cast<void>(grain(silo, i).start(IBusy::add, 1));
    }
    loaded = true;
    loaded.notify_all();
    waiting[0].take().value();
  });
  loaded.wait(false);
  scheduler.shut_down();
}

}  // namespace
}  // namespace thresher::runtime
