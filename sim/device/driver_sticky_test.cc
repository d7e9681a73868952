// Errors of asynchronous work: at which later call they surface, how long they stay, and what still
// works afterwards (table of result codes in docs/fault-model.md).
#include "thresher/sim/device/driver_fixture.h"

#include <gmock/gmock.h>

namespace thresher::sim {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

struct StickyErrors : DriverFixture {
  static DriverOptions context_scope() {
    DriverOptions options;
    options.sticky_scope = StickyScope::context;
    return options;
  }
  /// An out-of-bounds store of a real body.
  void store_out_of_bounds() { EXPECT_EQ(fill(words(4), 1000, 7), R::success); }
};

TEST_F(StickyErrors, surface_at_a_later_call_and_not_at_the_launch) {
  run([&] {
    store_out_of_bounds();
    EXPECT_EQ(query(), R::not_ready);
    pass(1ms);
    EXPECT_EQ(query(), R::illegal_address);
  });
}

TEST_F(StickyErrors, answer_every_later_call_of_the_process) {
  run([&] {
    const auto elsewhere = driver->context_create(device_1).value();
    store_out_of_bounds();
    EXPECT_EQ(synchronize(), R::illegal_address);
    EXPECT_EQ(code(driver->memory_allocate(context, 4)), R::illegal_address);
    EXPECT_EQ(launch("fill"), R::illegal_address);
    EXPECT_EQ(code(driver->memory_info(elsewhere)), R::illegal_address);
    EXPECT_EQ(code(driver->context_create(device_0)), R::illegal_address);
    EXPECT_EQ(driver->context_destroy(context).code, R::illegal_address);
    EXPECT_EQ(driver->primary_context_reset(device_0).code, R::illegal_address);
  });
}

TEST_F(StickyErrors, leave_the_devices_countable) {
  run([&] {
    store_out_of_bounds();
    EXPECT_EQ(synchronize(), R::illegal_address);
    EXPECT_EQ(driver->device_count().value(), 2u);
    EXPECT_EQ(driver->device_properties(device_0).value().name, "Simulated GPU");
  });
}

TEST_F(StickyErrors, leave_other_processes_alone_and_end_with_their_own) {
  run([&] {
    const auto other = start_process();
    const auto there = other->context_create(device_0).value();
    store_out_of_bounds();
    EXPECT_EQ(synchronize(), R::illegal_address);
    EXPECT_TRUE(other->memory_allocate(there, 4).has_value());
    driver->end_process();
    driver = start_process();
    context = driver->context_create(device_0).value();
    EXPECT_TRUE(driver->context_synchronize(context).ok());
  });
}

TEST_F(StickyErrors, keep_the_first_code) {
  run([&] {
    store_out_of_bounds();
    EXPECT_EQ(synchronize(), R::illegal_address);
    WorkFault fault;
    fault.result = R::launch_failed;
    driver->arm(fault);
    EXPECT_EQ(launch("fill"), R::illegal_address);
    EXPECT_EQ(query(), R::illegal_address);
    device().break_down(DeviceHealth::lost, {.code = R::unknown}, scheduler().now());
    EXPECT_EQ(query(), R::illegal_address);
  });
}

TEST_F(StickyErrors, stay_with_the_context_where_the_scope_is_the_context) {
  run(
      [&] {
        const auto other = driver->context_create(device_0).value();
        store_out_of_bounds();
        EXPECT_EQ(synchronize(), R::illegal_address);
        EXPECT_TRUE(driver->context_synchronize(other).ok());
        EXPECT_TRUE(driver->context_destroy(context).ok());
        context = driver->context_create(device_0).value();
        EXPECT_TRUE(driver->memory_allocate(context, 4).has_value());
      },
      context_scope());
}

TEST_F(StickyErrors, of_an_assert_end_with_the_context_also_where_the_scope_is_the_process) {
  run([&] {
    const auto other = driver->context_create(device_0).value();
    EXPECT_EQ(launch("assert"), R::success);
    EXPECT_EQ(synchronize(), R::assert);
    EXPECT_TRUE(driver->context_synchronize(other).ok());
    EXPECT_TRUE(driver->context_destroy(context).ok());
  });
}

TEST_F(StickyErrors, end_with_a_reset_of_the_primary_context_where_the_scope_is_the_context) {
  run(
      [&] {
        context = driver->primary_context_retain(device_0).value();
        module = driver->module_load(context, test_image()).value();
        stream = driver->stream_create(context).value();
        EXPECT_EQ(launch("trap"), R::success);
        EXPECT_EQ(synchronize(), R::launch_failed);
        EXPECT_TRUE(driver->primary_context_reset(device_0).ok());
        context = driver->primary_context_retain(device_0).value();
        EXPECT_TRUE(driver->context_synchronize(context).ok());
      },
      context_scope());
}

TEST_F(StickyErrors, stop_what_was_queued_behind_the_failed_work) {
  profile.kernel_fixed_ns = 100'000;
  run([&] {
    const auto at = words(4);
    std::uint32_t* const host =
        reinterpret_cast<std::uint32_t*>(driver->host_allocate(context, 4).value());
    *host = 99;
    EXPECT_EQ(launch("trap"), R::success);
    EXPECT_TRUE(
        driver->copy_to_host(context, std::as_writable_bytes(std::span{host, 1}), at, stream).ok());
    EXPECT_EQ(synchronize(), R::launch_failed);
    EXPECT_EQ(*host, 99u);
  });
}

TEST_F(StickyErrors, complete_notices_with_their_code) {
  struct Sink : gpu::CompletionSink {
    gpu::Status status;
    int count = 0;
    void complete(std::uint64_t, gpu::Status how) noexcept override {
      status = how;
      ++count;
    }
  } sink;
  run([&] {
    const auto event = driver->event_create(context).value();
    store_out_of_bounds();
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    EXPECT_TRUE(driver->notify(context, event, sink, 1).ok());
    pass(1ms);
    EXPECT_EQ(sink.count, 1);
    EXPECT_EQ(sink.status.code, R::illegal_address);
  });
}

TEST_F(StickyErrors, are_not_those_that_do_not_stay) {
  run([&] {
    EXPECT_EQ(launch("runs_out"), R::success);
    EXPECT_EQ(synchronize(), R::launch_out_of_resources);
    EXPECT_EQ(query(), R::success);
    EXPECT_EQ(fill(words(1), 1, 1), R::success);
    EXPECT_EQ(synchronize(), R::success);
  });
}

TEST_F(StickyErrors, that_do_not_stay_do_not_keep_a_context_from_waiting_for_its_work) {
  run([&] {
    WorkFault slow;
    slow.delay = 5s;
    launch_with(slow);
    stream = driver->stream_create(context).value();
    EXPECT_EQ(launch("runs_out"), R::success);
    pass(1ms);
    EXPECT_GT(nanoseconds([&] { EXPECT_TRUE(driver->context_destroy(context).ok()); }),
              4'900'000'000);
  });
}

TEST_F(StickyErrors, say_which_kernel_and_what_lies_nearby) {
  run([&] {
    store_out_of_bounds();
    EXPECT_EQ(synchronize(), R::illegal_address);
    ASSERT_TRUE(device().last_fault());
    const std::string text = device().last_fault()->text();
    EXPECT_THAT(text, HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS in fill"));
    EXPECT_THAT(text, HasSubstr("inside the allocation"));
  });
}

TEST_F(StickyErrors, come_from_misaligned_addresses_too) {
  run([&] {
    EXPECT_EQ(fill(words(4) + 2, 1, 1), R::success);
    EXPECT_EQ(synchronize(), R::misaligned_address);
  });
}

TEST_F(StickyErrors, come_from_memory_that_was_freed) {
  run([&] {
    const auto at = words(4);
    EXPECT_TRUE(driver->memory_free(context, at).ok());
    EXPECT_EQ(fill(at, 4, 1), R::success);
    EXPECT_EQ(synchronize(), R::illegal_address);
  });
}

TEST_F(StickyErrors, do_not_come_from_memory_that_was_freed_and_given_out_again) {
  run([&] {
    const auto stale = words(4);
    EXPECT_TRUE(driver->memory_free(context, stale).ok());
    EXPECT_EQ(words(4), stale);
    EXPECT_EQ(fill(stale, 4, 1), R::success);
    EXPECT_EQ(synchronize(), R::success);
  });
}

TEST_F(StickyErrors, of_a_lost_device_answer_all_its_contexts_and_new_processes) {
  run([&] {
    device().break_down(DeviceHealth::lost, {.code = R::unknown, .injected = true},
                        scheduler().now());
    EXPECT_EQ(query(), R::unknown);
    const auto other = start_process();
    EXPECT_EQ(code(other->context_create(device_0)), R::unknown);
    EXPECT_TRUE(other->context_create(device_1).has_value());
    device().repair(scheduler().now());
    EXPECT_TRUE(other->context_create(device_0).has_value());
  });
}

}  // namespace
}  // namespace thresher::sim
