// What the simulated driver's calls and the device's work cost, in exact virtual nanoseconds.
//
// Alone in a world nothing delays anything, so that times are sums of the profile's numbers.
#include "thresher/sim/device/driver_fixture.h"

namespace thresher::sim {
namespace {

struct DriverCost : DriverFixture {
  std::int64_t cost(gpu::DriverCall call) const { return profile.host_cost(call).count(); }
};

TEST_F(DriverCost, charges_a_launch_to_the_caller_and_the_kernel_to_the_device) {
  run([&] {
    const auto at = words(1024);
    const auto function = driver->module_function(context, module, "fill").value();
    const std::array arguments{gpu::KernelArgument::of(at), gpu::KernelArgument::of(1024u),
                               gpu::KernelArgument::of(1u)};
    gpu::Launch launch;
    launch.function = function;
    launch.grid.x = 8;
    launch.block.x = 128;
    launch.stream = stream;
    launch.arguments = arguments;
    EXPECT_EQ(nanoseconds([&] { EXPECT_TRUE(driver->launch_kernel(context, launch).ok()); }), 3000);
    const std::int64_t left = profile.kernel_cost(1024, 8).count();
    EXPECT_EQ(left, 2001);
    EXPECT_EQ(nanoseconds([&] { EXPECT_EQ(synchronize(), R::success); }), left);
  });
}

TEST_F(DriverCost, charges_each_call_by_the_profile) {
  run([&] {
    EXPECT_EQ(nanoseconds([&] { words(1); }), cost(gpu::DriverCall::memory_allocate));
    EXPECT_EQ(nanoseconds([&] { query(); }), 300);
    EXPECT_EQ(nanoseconds([&] { static_cast<void>(driver->context_create(device_1)); }),
              300'000'000);
  });
}

TEST_F(DriverCost, charges_a_copy_by_its_bytes) {
  run([&] {
    const auto at = words(1 << 18);
    std::vector<std::byte> host(1 << 20);
    static_cast<void>(driver->copy_to_device(context, at, host, stream));
    const std::int64_t device_ns = profile.copy_cost(1 << 20, 12000).count();
    EXPECT_EQ(device_ns, 1500 + 87382);
    EXPECT_EQ(nanoseconds([&] { synchronize(); }), device_ns);
  });
}

TEST_F(DriverCost, overlaps_a_copy_with_a_kernel_of_another_stream) {
  profile.instructions_per_us = 50'000;
  run([&] {
    const auto at = words(1 << 18);
    const auto other = driver->stream_create(context).value();
    std::vector<std::byte> host(1 << 20);
    const std::int64_t kernel_ns = profile.kernel_cost((1 << 18) + 128, 8).count();
    const std::int64_t copy_ns = profile.copy_cost(1 << 20, 12000).count();
    EXPECT_EQ(fill(at, 1 << 18, 1), R::success);
    const std::int64_t both = nanoseconds([&] {
      static_cast<void>(driver->copy_to_device(context, at, host, other));
      static_cast<void>(driver->context_synchronize(context));
    });
    EXPECT_EQ(both, 3000 + copy_ns);
    EXPECT_LT(both, kernel_ns + copy_ns);
  });
}

TEST_F(DriverCost, makes_free_wait_for_the_rest_of_the_kernel) {
  profile.instructions_per_us = 50'000;
  run([&] {
    const auto at = words(1 << 20);
    const auto other = words(1);
    EXPECT_EQ(fill(at, 1 << 20, 1), R::success);
    const std::int64_t kernel_ns = profile.kernel_cost((1 << 20) + 128, 8).count();
    EXPECT_EQ(nanoseconds([&] { static_cast<void>(driver->memory_free(context, other)); }),
              kernel_ns + 15000);
  });
}

TEST_F(DriverCost, pays_for_the_primary_context_once) {
  run([&] {
    EXPECT_EQ(nanoseconds([&] { static_cast<void>(driver->primary_context_retain(device_1)); }),
              300'000'200);
    EXPECT_EQ(nanoseconds([&] { static_cast<void>(driver->primary_context_retain(device_1)); }),
              200);
  });
}

TEST_F(DriverCost, tells_completions_at_the_instant_of_the_end) {
  struct Sink : gpu::CompletionSink {
    runtime::Scheduler* scheduler = nullptr;
    runtime::TimePoint at{};
    void complete(std::uint64_t, gpu::Status) noexcept override { at = scheduler->now(); }
  } sink;
  run([&] {
    sink.scheduler = &scheduler();
    const auto event = driver->event_create(context).value();
    const auto at = words(1 << 20);
    EXPECT_EQ(fill(at, 1 << 20, 1), R::success);
    const auto end = scheduler().now() + profile.kernel_cost((1 << 20) + 128, 8);
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    EXPECT_TRUE(driver->notify(context, event, sink, 1).ok());
    pass(std::chrono::seconds{1});
    EXPECT_EQ(sink.at, end);
  });
}

TEST_F(DriverCost, keeps_a_world_alive_that_waits_for_a_completion_alone) {
  struct Sink : gpu::CompletionSink {
    runtime::FiberEvent* done = nullptr;
    void complete(std::uint64_t, gpu::Status) noexcept override { done->set(); }
  } sink;
  run([&] {
    runtime::FiberEvent done{scheduler(), "done"};
    sink.done = &done;
    const auto event = driver->event_create(context).value();
    EXPECT_EQ(fill(words(1 << 20), 1 << 20, 1), R::success);
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    EXPECT_TRUE(driver->notify(context, event, sink, 1).ok());
    EXPECT_TRUE(done.wait());
  });
}

TEST_F(DriverCost, gives_two_runs_of_one_seed_the_same_hash) {
  const auto story = [&] {
    const auto at = words(100);
    EXPECT_EQ(fill(at, 100, 3), R::success);
    EXPECT_EQ(synchronize(), R::success);
  };
  EXPECT_EQ(run(story).trace_hash, run(story).trace_hash);
}

}  // namespace
}  // namespace thresher::sim
