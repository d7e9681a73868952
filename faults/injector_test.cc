// Conditions, repetition, what stays, budgets, refusals, and that the same plan strikes the same.
#include "thresher/faults/injector.h"

#include "thresher/faults/fault_test.h"
#include "thresher/runtime/storage/memory_storage.h"

#include <gmock/gmock.h>

#include <vector>

namespace thresher::faults {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

struct InjectorTest : FaultFixture {
  /// The codes of `count` allocations.
  std::vector<R> allocations(int count) {
    std::vector<R> codes;
    for (int at = 0; at < count; ++at) codes.push_back(code(allocate(4)));
    return codes;
  }
  static std::string oom(std::string_view more) {
    return R"({"on": {"call": "memory_allocate"}, "effect": {"kind": "result", "code":
              "out_of_memory"})" +
           std::string{more} + "}";
  }
};

constexpr auto ok = gpu::DriverResult::success;
constexpr auto oom_code = gpu::DriverResult::out_of_memory;

TEST_F(InjectorTest, strikes_the_nth_match_and_as_often_as_said) {
  run(oom(R"(, "when": {"nth": 2}, "times": 2)"), [&] {
    start();
    EXPECT_THAT(allocations(5), ElementsAre(ok, oom_code, oom_code, ok, ok));
  });
}

TEST_F(InjectorTest, strikes_always_from_a_time_on) {
  run(oom(R"(, "when": {"after_ns": 5000000000}, "times": "always")"), [&] {
    start();
    EXPECT_THAT(allocations(2), ElementsAre(ok, ok));
    pass(5s);
    EXPECT_THAT(allocations(2), ElementsAre(oom_code, oom_code));
  });
}

TEST_F(InjectorTest, strikes_after_so_many_launches) {
  run(oom(R"(, "when": {"after_launches": 1}, "times": "always")"), [&] {
    start();
    const auto at = words(4);
    EXPECT_EQ(fill(at, 4, 1), ok);
    EXPECT_THAT(allocations(1), ElementsAre(oom_code));
  });
}

TEST_F(InjectorTest, strikes_the_named_device_alone) {
  run(R"({"on": {"call": "memory_allocate", "device": 1}, "times": "always",
          "effect": {"kind": "result", "code": "out_of_memory"}})",
      [&] {
        start();
        EXPECT_THAT(allocations(1), ElementsAre(ok));
        start(other_device);
        EXPECT_THAT(allocations(1), ElementsAre(oom_code));
      });
}

TEST_F(InjectorTest, draws_ratios_from_the_lane_of_the_device) {
  const auto story = [&](std::vector<R>& codes) {
    return run(oom(R"(, "when": {"ratio": "1/2"}, "times": "always")"), [&] {
      start();
      codes = allocations(64);
    });
  };
  std::vector<R> first;
  std::vector<R> second;
  EXPECT_EQ(story(first).trace_hash, story(second).trace_hash);
  EXPECT_EQ(first, second);
  EXPECT_GT(std::ranges::count(first, oom_code), 10);
  EXPECT_GT(std::ranges::count(first, ok), 10);
  options.seed = 1;
  story(second);
  EXPECT_NE(first, second);
}

TEST_F(InjectorTest, never_strikes_with_a_ratio_of_nothing) {
  run(oom(R"(, "when": {"ratio": "0/1"}, "times": "always")"), [&] {
    start();
    EXPECT_THAT(allocations(3), ElementsAre(ok, ok, ok));
  });
}

TEST_F(InjectorTest, lets_the_first_rule_strike_and_counts_for_all) {
  run(oom(R"(, "when": {"nth": 2})") +
          R"(, {"on": {"call": "memory_allocate"}, "when": {"nth": 2}, "times": 2,
               "effect": {"kind": "result", "code": "operating_system"}})",
      [&] {
        start();
        EXPECT_THAT(allocations(4), ElementsAre(ok, oom_code, R::operating_system,
                                                R::operating_system));
      });
}

TEST_F(InjectorTest, keeps_a_code_until_the_context_is_destroyed) {
  run(R"({"on": {"call": "launch_kernel"}, "effect": {"kind": "result", "code":
          "launch_failed", "until": "context_destroyed"}})",
      [&] {
        start();
        const auto other = driver->context_create(device).value();
        const auto at = words(4);
        EXPECT_EQ(fill(at, 4, 1), R::launch_failed);
        EXPECT_EQ(code(allocate(4)), R::launch_failed);
        EXPECT_TRUE(driver->memory_allocate(other, 4).has_value());
        EXPECT_TRUE(driver->context_destroy(context).ok());
        open();
        EXPECT_TRUE(computes());
      });
}

TEST_F(InjectorTest, keeps_a_code_until_the_process_is_replaced) {
  run(R"({"on": {"call": "launch_kernel"}, "effect": {"kind": "result", "code":
          "launch_failed", "until": "process_replaced"}})",
      [&] {
        start();
        const auto at = words(4);
        EXPECT_EQ(fill(at, 4, 1), R::launch_failed);
        EXPECT_EQ(code(driver->context_destroy(context)), R::launch_failed);
        EXPECT_TRUE(driver->device_count().has_value());
        replace_process();
        EXPECT_TRUE(computes());
      });
}

TEST_F(InjectorTest, keeps_a_code_for_ever_unless_healed) {
  run(R"({"on": {"call": "launch_kernel"}, "effect": {"kind": "result", "code": "unknown",
          "until": "never"}})",
      [&] {
        start();
        const auto at = words(4);
        EXPECT_EQ(fill(at, 4, 1), R::unknown);
        ASSERT_TRUE(host->crash(device));
        driver = host->start(device, runtime::no_deadline).value().driver;
        EXPECT_EQ(code(driver->context_create(device)), R::unknown);
        faults->heal();
        open();
        EXPECT_TRUE(computes());
      });
}

TEST_F(InjectorTest, stops_at_the_total_of_its_budget) {
  run(
      oom(R"(, "times": "always")"),
      [&] {
        start();
        EXPECT_THAT(allocations(3), ElementsAre(oom_code, oom_code, ok));
        EXPECT_EQ(faults->strikes(), 2u);
      },
      Budget{.total_max = 2, .concurrent_max = 2, .forbidden = {}});
}

TEST_F(InjectorTest, keeps_no_more_effects_at_a_time_than_its_budget) {
  run(
      R"({"on": {"call": "launch_kernel"}, "times": "always",
          "effect": {"kind": "kernel_stuck"}})",
      [&] {
        start();
        const auto at = words(4);
        EXPECT_EQ(fill(at, 4, 1), ok);
        stream = driver->stream_create(context).value();
        EXPECT_TRUE(computes());
        replace_process();
        EXPECT_EQ(fill(words(4), 4, 1), ok);
        pass(1s);
        EXPECT_EQ(code(driver->stream_query(context, stream)), R::not_ready);
      },
      Budget{.total_max = 10, .concurrent_max = 1, .forbidden = {}});
}

TEST_F(InjectorTest, strikes_nothing_silent_within_what_is_promised) {
  run(
      R"({"on": {"call": "launch_kernel"}, "times": "always",
          "effect": {"kind": "corrupted_result"}})",
      [&] {
        start();
        EXPECT_TRUE(computes());
      },
      Budget::promised(100, 1));
}

TEST_F(InjectorTest, tells_the_report_of_each_strike_with_its_time) {
  const sim::RunResult result = run(oom(""), [&] {
    start();
    EXPECT_THAT(allocations(1), ElementsAre(oom_code));
  });
  ASSERT_EQ(result.faults.size(), 1u);
  EXPECT_THAT(result.faults[0].text, HasSubstr("memory_allocate: result out_of_memory"));
}

TEST_F(InjectorTest, changes_nothing_with_an_empty_plan) {
  run("", [&] {
    start();
    EXPECT_TRUE(computes());
    EXPECT_EQ(faults->strikes(), 0u);
  });
}

TEST_F(InjectorTest, strikes_resets_and_canaries_by_level) {
  run(R"({"on": {"reset": "hard"}, "effect": {"kind": "no_success"}},
         {"on": {"reset": "any"}, "when": {"nth": 3}, "effect": {"kind": "error"}},
         {"on": {"canary": true, "device": 1}, "effect": {"kind": "hang"}})",
      [&] {
        gpu::LayerFaults& layer = faults->layer();
        EXPECT_EQ(layer.on_reset(device, gpu::ResetType::soft), gpu::LayerFault::none);
        EXPECT_EQ(layer.on_reset(device, gpu::ResetType::hard), gpu::LayerFault::no_success);
        EXPECT_EQ(layer.on_reset(device, gpu::ResetType::soft), gpu::LayerFault::error);
        EXPECT_EQ(layer.on_canary(device), gpu::LayerFault::none);
        EXPECT_EQ(layer.on_canary(other_device), gpu::LayerFault::hang);
      });
}

TEST(InjectorCheck, refuses_what_no_device_or_process_can_make) {
  DullDraw draw;
  struct Log : FaultLog {
    void injected(std::size_t, const Rule&) override {}
  } log;
  const auto check = [&](std::string_view effect) {
    const auto plan = Plan::parse(
        R"({"rules": [{"on": {"call": "launch_kernel"}, "effect": {"kind": ")" +
        std::string{effect} + "\"}}]}");
    return Injector::check(*plan, {.draw = draw, .log = log});
  };
  ASSERT_FALSE(check("kernel_stuck"));
  EXPECT_THAT(check("kernel_stuck").error().message, HasSubstr("$.rules[0].effect"));
  EXPECT_THAT(check("worker_dies").error().message, HasSubstr("worker process"));
}

TEST_F(InjectorTest, refuses_a_device_that_is_not_there) {
  run("", [&] {
    sim::SimulatedDeviceSaboteur devices{*machine, scheduler()};
    const auto plan = Plan::parse(R"({"rules": [{"on": {"call": "any", "device": 2},
                                      "effect": {"kind": "fallen_off_bus"}}]})");
    struct Log : FaultLog {
      void injected(std::size_t, const Rule&) override {}
    } log;
    const auto refused =
        Injector::check(*plan, {.draw = faults->draw(), .log = log, .devices = &devices});
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("$.rules[0].on.device"));
  });
}

struct StorageFaults : FaultFixture {
  static constexpr runtime::StateKey key{.state_name = "state", .grain_id = "grain/1"};
  static constexpr std::array bytes{std::byte{1}};
  static std::string at_write(std::string_view effect) {
    return R"({"on": {"storage": "write"}, "effect": {"kind": ")" + std::string{effect} + "\"}}";
  }
};

TEST_F(StorageFaults, fail_before_the_record_is_written) {
  run(at_write("storage_fails_before"), [&] {
    runtime::MemoryStorage inner{world->services()};
    const auto storage = faults->wrap(inner);
    const auto failed = storage->write(key, bytes, "");
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().injected);
    EXPECT_FALSE(storage->read(key).value().exists);
    EXPECT_TRUE(storage->write(key, bytes, "").has_value());
  });
}

TEST_F(StorageFaults, fail_after_the_record_was_written) {
  run(at_write("storage_fails_after"), [&] {
    runtime::MemoryStorage inner{world->services()};
    const auto storage = faults->wrap(inner);
    EXPECT_FALSE(storage->write(key, bytes, ""));
    EXPECT_TRUE(storage->read(key).value().exists);
    EXPECT_EQ(storage->write(key, bytes, "").error().code, runtime::Errc::inconsistent_state);
  });
}

TEST_F(StorageFaults, answer_a_conflict_and_change_nothing) {
  run(at_write("storage_conflict"), [&] {
    runtime::MemoryStorage inner{world->services()};
    const auto storage = faults->wrap(inner);
    EXPECT_EQ(storage->write(key, bytes, "").error().code, runtime::Errc::inconsistent_state);
    EXPECT_FALSE(storage->read(key).value().exists);
  });
}

TEST_F(StorageFaults, make_a_read_slow) {
  run(R"({"on": {"storage": "read"}, "effect": {"kind": "storage_slow",
          "duration_ns": 1000000000}})",
      [&] {
        runtime::MemoryStorage inner{world->services()};
        const auto storage = faults->wrap(inner);
        const auto before = scheduler().now();
        EXPECT_FALSE(storage->read(key).value().exists);
        EXPECT_EQ(scheduler().now() - before, 1s);
      });
}

}  // namespace
}  // namespace thresher::faults
