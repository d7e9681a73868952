// Each device fault of the design: at which call it surfaces and what still works afterwards, as
// docs/fault-model.md says it (from cuda.h and from what others measured).
#include "thresher/faults/fault_test.h"

#include <gmock/gmock.h>

namespace thresher::faults {
namespace {

using namespace std::chrono_literals;

struct DeviceFaults : FaultFixture {
  static std::string at_launch(std::string_view effect) {
    return R"({"on": {"call": "launch_kernel"}, "effect": {"kind": ")" + std::string{effect} +
           "\"}}";
  }
  /// A kernel that faults with `expected`, and everything that is lost with its process.
  void loses_the_process(std::string_view effect, R expected) {
    run(at_launch(effect), [&] {
      start();
      const auto at = words(4);
      EXPECT_EQ(fill(at, 4, 1), R::success);
      EXPECT_EQ(synchronize(), expected);
      EXPECT_EQ(code(allocate(4)), expected);
      EXPECT_EQ(code(driver->context_create(device)), expected);
      EXPECT_EQ(code(driver->context_destroy(context)), expected);
      EXPECT_TRUE(driver->device_count().has_value());
      replace_process();
      EXPECT_TRUE(computes());
    });
  }
};

TEST_F(DeviceFaults, out_of_memory_once_fails_one_call_and_leaves_everything_working) {
  run(R"({"on": {"call": "memory_allocate"}, "when": {"nth": 2},
          "effect": {"kind": "result", "code": "out_of_memory"}})",
      [&] {
        start();
        EXPECT_TRUE(allocate(4).has_value());
        const auto refused = allocate(4);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error(), (gpu::Status{.code = R::out_of_memory, .injected = true}));
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, out_of_memory_by_size_strikes_large_requests_alone) {
  run(R"({"on": {"call": "memory_allocate"}, "when": {"bytes_at_least": 1048576},
          "times": "always", "effect": {"kind": "result", "code": "out_of_memory"}})",
      [&] {
        start();
        EXPECT_EQ(code(allocate(1 << 20)), R::out_of_memory);
        EXPECT_EQ(code(allocate(1 << 20)), R::out_of_memory);
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, memory_that_is_filled_fails_allocations_until_it_is_freed) {
  run(R"({"on": {"call": "stream_create"},
          "effect": {"kind": "memory_filled", "bytes": 285212672}})",
      [&] {
        start();  // 256 MiB of context, and a fill of 272 MiB.
        const auto first = allocate(20 << 20);
        ASSERT_TRUE(first);
        EXPECT_EQ(code(allocate(4)), R::out_of_memory);
        EXPECT_TRUE(driver->memory_free(context, *first).ok());
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, memory_that_is_fragmented_fails_large_requests_though_the_sum_is_free) {
  run(R"({"on": {"call": "stream_create"},
          "effect": {"kind": "memory_fragmented", "bytes": 67108864}})",
      [&] {
        start();
        EXPECT_GT(driver->memory_info(context).value().free_bytes, std::uint64_t{8} << 30);
        EXPECT_EQ(code(allocate(128 << 20)), R::out_of_memory);
        EXPECT_TRUE(allocate(32 << 20).has_value());
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, stuck_kernel_is_seen_by_queries_until_its_process_is_replaced) {
  run(at_launch("kernel_stuck"), [&] {
    start();
    EXPECT_EQ(fill(words(4), 4, 1), R::success);
    pass(3600s);
    EXPECT_EQ(code(driver->stream_query(context, stream)), R::not_ready);
    stream = driver->stream_create(context).value();
    EXPECT_TRUE(computes());
    replace_process();
    EXPECT_TRUE(computes());
    EXPECT_EQ(hardware().zombie_count(), 0u);
  });
}

TEST_F(DeviceFaults, stuck_kernel_for_a_time_ends_and_computes) {
  run(R"({"on": {"call": "launch_kernel"},
          "effect": {"kind": "kernel_stuck", "duration_ns": 5000000000}})",
      [&] {
        start();
        const auto before = scheduler().now();
        EXPECT_TRUE(computes());
        EXPECT_GT(scheduler().now() - before, 5s);
      });
}

TEST_F(DeviceFaults, stuck_kernel_until_its_context_is_destroyed_ends_with_it) {
  run(R"({"on": {"call": "launch_kernel"},
          "effect": {"kind": "kernel_stuck", "until": "context_destroyed"}})",
      [&] {
        start();
        EXPECT_EQ(fill(words(4), 4, 1), R::success);
        EXPECT_TRUE(driver->context_destroy(context).ok());
        open();
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, stuck_kernel_that_nothing_stops_keeps_its_process_from_dying) {
  run(R"({"on": {"call": "launch_kernel"},
          "effect": {"kind": "kernel_stuck", "until": "never"}})",
      [&] {
        start();
        EXPECT_EQ(fill(words(4), 4, 1), R::success);
        EXPECT_FALSE(host->kill(device, 1, scheduler().now() + 5s));
        EXPECT_EQ(hardware().zombie_count(), 1u);
        faults->heal();
        EXPECT_EQ(hardware().zombie_count(), 0u);
      });
}

TEST_F(DeviceFaults, launch_failure_loses_the_process) {
  loses_the_process("launch_failed", R::launch_failed);
}
TEST_F(DeviceFaults, illegal_address_loses_the_process) {
  loses_the_process("illegal_address", R::illegal_address);
}
TEST_F(DeviceFaults, misaligned_address_loses_the_process) {
  loses_the_process("misaligned_address", R::misaligned_address);
}
TEST_F(DeviceFaults, ecc_error_that_is_contained_loses_the_process) {
  loses_the_process("ecc_uncorrectable", R::ecc_uncorrectable);
}
TEST_F(DeviceFaults, nvlink_error_loses_the_process) {
  loses_the_process("nvlink_uncorrectable", R::nvlink_uncorrectable);
}

TEST_F(DeviceFaults, ecc_error_that_is_not_contained_needs_the_device_reset) {
  profile.contains_errors = false;
  run(at_launch("ecc_uncorrectable"), [&] {
    start();
    EXPECT_EQ(fill(words(4), 4, 1), R::success);
    EXPECT_EQ(synchronize(), R::ecc_uncorrectable);
    ASSERT_TRUE(host->crash(device));
    driver = host->start(device, runtime::no_deadline).value().driver;
    EXPECT_EQ(code(driver->context_create(device)), R::ecc_uncorrectable);
    faults->heal();
    open();
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, device_assert_loses_its_context_alone) {
  run(at_launch("device_assert"), [&] {
    start();
    const auto other = driver->context_create(device).value();
    EXPECT_EQ(fill(words(4), 4, 1), R::success);
    EXPECT_EQ(synchronize(), R::assert);
    EXPECT_EQ(code(allocate(4)), R::assert);
    EXPECT_TRUE(driver->context_synchronize(other).ok());
    EXPECT_TRUE(driver->context_destroy(context).ok());
    open();
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, lost_context_answers_so_until_it_is_destroyed) {
  run(R"({"on": {"call": "memory_allocate"}, "effect": {"kind": "context_lost"}})", [&] {
    start();
    const auto other = driver->context_create(device).value();
    const auto refused = allocate(4);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, R::context_is_destroyed);
    EXPECT_TRUE(refused.error().injected);
    EXPECT_EQ(synchronize(), R::context_is_destroyed);
    EXPECT_TRUE(driver->memory_allocate(other, 4).has_value());
    EXPECT_TRUE(driver->context_destroy(context).ok());
    open();
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, device_off_the_bus_is_lost_to_every_process_and_others_go_on) {
  run(R"({"on": {"call": "launch_kernel", "device": 0}, "effect": {"kind": "fallen_off_bus"}})",
      [&] {
        start();
        EXPECT_EQ(fill(words(4), 4, 1), R::unknown);
        EXPECT_EQ(code(allocate(4)), R::unknown);
        ASSERT_TRUE(host->crash(device));
        const auto restarted = host->start(device, runtime::no_deadline);
        ASSERT_FALSE(restarted);
        EXPECT_EQ(restarted.error().code, runtime::Errc::device_lost);
        start(other_device);
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, missing_device_is_counted_and_never_starts) {
  run(R"({"on": {"start": true, "device": 0}, "effect": {"kind": "device_missing"}})", [&] {
    EXPECT_EQ(host->device_count().value(), 2u);
    EXPECT_FALSE(host->start(device, runtime::no_deadline));
    start(other_device);
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, slow_kernel_and_slow_copy_take_that_much_longer) {
  run(R"({"on": {"call": "launch_kernel"},
          "effect": {"kind": "kernel_slow", "duration_ns": 1000000000}},
         {"on": {"call": "copy_to_host"},
          "effect": {"kind": "copy_slow", "duration_ns": 2000000000}})",
      [&] {
        start();
        const auto before = scheduler().now();
        EXPECT_TRUE(computes());
        const auto took = scheduler().now() - before;
        EXPECT_GT(took, 3s);
        EXPECT_LT(took, 3001ms);
      });
}

TEST_F(DeviceFaults, corrupted_result_differs_in_one_bit_and_says_nothing) {
  run(at_launch("corrupted_result"), [&] {
    start();
    EXPECT_FALSE(computes());
    EXPECT_EQ(synchronize(), R::success);
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, corrupted_copy_differs_in_one_bit_and_says_nothing) {
  run(R"({"on": {"call": "copy_to_host"}, "effect": {"kind": "corrupted_copy"}})", [&] {
    start();
    EXPECT_FALSE(computes());
    EXPECT_EQ(synchronize(), R::success);
    EXPECT_TRUE(computes());
  });
}

TEST_F(DeviceFaults, module_that_does_not_load_leaves_everything_working) {
  run(R"({"on": {"call": "module_load"}, "when": {"nth": 2},
          "effect": {"kind": "result", "code": "invalid_ptx"}})",
      [&] {
        start();
        const gpu::ModuleImage image{
            .kind = gpu::ImageKind::host, .bytes = {}, .host = &sim::test_module};
        EXPECT_EQ(code(driver->module_load(context, image)), R::invalid_ptx);
        EXPECT_TRUE(driver->module_load(context, image).has_value());
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, context_that_cannot_be_made_can_be_made_later) {
  run(R"({"on": {"call": "context_create"}, "times": 2,
          "effect": {"kind": "result", "code": "device_unavailable"}})",
      [&] {
        driver = host->start(device, runtime::no_deadline).value().driver;
        EXPECT_EQ(code(driver->context_create(device)), R::device_unavailable);
        EXPECT_EQ(code(driver->context_create(device)), R::device_unavailable);
        open();
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, context_that_is_slow_to_make_is_made) {
  run(R"({"on": {"call": "context_create"},
          "effect": {"kind": "delay", "duration_ns": 60000000000}})",
      [&] {
        const auto before = scheduler().now();
        start();
        EXPECT_GT(scheduler().now() - before, 60s);
        EXPECT_TRUE(computes());
      });
}

TEST_F(DeviceFaults, worker_that_dies_in_a_call_answers_that_it_is_gone) {
  run(R"({"on": {"call": "stream_synchronize"}, "effect": {"kind": "worker_dies"}})", [&] {
    start();
    EXPECT_EQ(synchronize(), R::process_gone);
    EXPECT_EQ(hardware().context_count(), 0u);
    EXPECT_EQ(hardware().memory().free_bytes(), hardware().memory().total_bytes());
    start();
    EXPECT_TRUE(computes());
  });
}

}  // namespace
}  // namespace thresher::faults
