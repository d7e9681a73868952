// Simulated GPU workers: started, killed, crashed, and what that does to their driver and device.
#include "thresher/sim/device/simulated_driver_host.h"

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/device/test_kernels.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <optional>

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;
using gpu::DriverResult;
using runtime::Errc;

struct DriverHostTest : testing::Test {
  static constexpr gpu::DeviceOrdinal device{0};

  template <typename F>
  void run(F body) {
    World world{engine, {}};
    register_gpu_worker(world);
    SimulatedMachine the_machine;
    the_machine.add_device(DeviceProfile::standard());
    the_machine.add_device(DeviceProfile::standard());
    machine = &the_machine;
    scheduler = &world.services().scheduler;
    std::optional<SimulatedDriverHost> the_host;
    const RunResult result = world.run([&] {
      host = &the_host.emplace(world.services(), world.processes(), the_machine, options);
      body();
      the_host.reset();
    });
    EXPECT_EQ(result.verdict, Verdict::survived) << result.label << ": " << result.message;
  }
  gpu::DriverProcess start(gpu::DeviceOrdinal which = device) {
    return host->start(which, runtime::no_deadline).value();
  }
  runtime::TimePoint in(runtime::Duration span) { return scheduler->now() + span; }
  SimulatedDevice& hardware() { return machine->device(device); }

  Engine engine;
  DriverHostOptions options;
  SimulatedMachine* machine = nullptr;
  runtime::Scheduler* scheduler = nullptr;
  SimulatedDriverHost* host = nullptr;
};

TEST_F(DriverHostTest, takes_its_time_to_start_and_gives_a_driver) {
  run([&] {
    const auto before = scheduler->now();
    const gpu::DriverProcess process = start();
    EXPECT_EQ(scheduler->now() - before, 500ms);
    EXPECT_EQ(process.incarnation, 1u);
    EXPECT_TRUE(process.driver->context_create(device).has_value());
  });
}

TEST_F(DriverHostTest, gives_up_a_start_at_its_deadline) {
  run([&] {
    const auto process = host->start(device, in(10ms));
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, Errc::timeout);
  });
}

TEST_F(DriverHostTest, frees_the_device_when_the_worker_is_killed) {
  run([&] {
    const gpu::DriverProcess process = start();
    ASSERT_TRUE(process.driver->context_create(device));
    EXPECT_EQ(hardware().context_count(), 1u);
    EXPECT_TRUE(host->kill(device, process.incarnation, in(5s)));
    EXPECT_EQ(hardware().context_count(), 0u);
    EXPECT_EQ(process.driver->context_create(device).error().code, DriverResult::process_gone);
    EXPECT_TRUE(host->kill(device, process.incarnation, in(5s)));
  });
}

TEST_F(DriverHostTest, counts_incarnations_and_starts_anew) {
  run([&] {
    const gpu::DriverProcess first = start();
    EXPECT_TRUE(host->kill(device, first.incarnation, in(5s)));
    const gpu::DriverProcess second = start();
    EXPECT_EQ(second.incarnation, 2u);
    EXPECT_TRUE(second.driver->context_create(device).has_value());
  });
}

TEST_F(DriverHostTest, keeps_the_worker_of_another_device_when_one_dies) {
  run([&] {
    const gpu::DriverProcess here = start();
    const gpu::DriverProcess there = start(gpu::DeviceOrdinal{1});
    EXPECT_TRUE(host->crash(device));
    EXPECT_EQ(here.driver->device_count().error().code, DriverResult::process_gone);
    EXPECT_TRUE(there.driver->context_create(gpu::DeviceOrdinal{1}).has_value());
  });
}

TEST_F(DriverHostTest, completes_notices_and_wakes_calls_when_the_worker_crashes) {
  struct Sink : gpu::CompletionSink {
    gpu::Status status;
    int count = 0;
    void complete(std::uint64_t, gpu::Status how) noexcept override {
      status = how;
      ++count;
    }
  } sink;
  run([&] {
    gpu::Driver& driver = *start().driver;
    const auto context = driver.context_create(device).value();
    const auto event = driver.event_create(context).value();
    const auto at = driver.memory_allocate(context, 4).value();
    WorkFault fault;
    fault.stuck = true;
    host->driver(device)->arm(fault);
    ASSERT_TRUE(driver.memory_set(context, at, std::byte{0}, 4, {}).ok());
    ASSERT_TRUE(driver.event_record(context, event, {}).ok());
    ASSERT_TRUE(driver.notify(context, event, sink, 1).ok());
    scheduler->spawn({.name = "crasher"}, [&] {
      EXPECT_TRUE(runtime::sleep_for(*scheduler, 1s));
      host->crash(device);
    });
    EXPECT_EQ(driver.context_synchronize(context).code, DriverResult::process_gone);
    EXPECT_EQ(sink.count, 1);
    EXPECT_EQ(sink.status.code, DriverResult::process_gone);
  });
}

TEST_F(DriverHostTest, cannot_kill_a_worker_whose_kernel_nothing_stops) {
  run([&] {
    const gpu::DriverProcess process = start();
    const auto context = process.driver->context_create(device).value();
    const auto at = process.driver->memory_allocate(context, 4).value();
    WorkFault fault;
    fault.stuck = true;
    fault.until = StuckUntil::never;
    host->driver(device)->arm(fault);
    ASSERT_TRUE(process.driver->memory_set(context, at, std::byte{0}, 4, {}).ok());
    const auto killed = host->kill(device, process.incarnation, in(5s));
    ASSERT_FALSE(killed);
    EXPECT_EQ(killed.error().code, Errc::timeout);
    EXPECT_EQ(hardware().zombie_count(), 1u);
  });
}

TEST_F(DriverHostTest, does_not_start_on_a_lost_device) {
  run([&] {
    hardware().break_down(DeviceHealth::lost, {.code = DriverResult::unknown}, scheduler->now());
    EXPECT_EQ(host->device_count().value(), 2u);
    const auto process = host->start(device, in(5s));
    ASSERT_FALSE(process);
    EXPECT_EQ(process.error().code, Errc::device_lost);
  });
}

}  // namespace
}  // namespace thresher::sim
