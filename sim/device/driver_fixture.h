// The vocabulary of tests of the simulated driver: a world with one machine, a process's driver
// with a context and a stream, and short verbs. For tests only.
#pragma once

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/device/simulated_driver.h"
#include "thresher/sim/device/test_kernels.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace thresher::sim {

class DriverFixture : public testing::Test {
 protected:
  using R = gpu::DriverResult;
  static constexpr gpu::DeviceOrdinal device_0{0};
  static constexpr gpu::DeviceOrdinal device_1{1};

  /// Runs `body` in a world with a driver, a context and a stream; it must survive.
  template <typename F>
  RunResult run(F body, DriverOptions options = {}) {
    RunResult result = run_freely(std::move(body), std::move(options));
    EXPECT_EQ(result.verdict, Verdict::survived) << result.label << ": " << result.message;
    return result;
  }
  /// The same, whatever the verdict.
  template <typename F>
  RunResult run_freely(F body, DriverOptions options = {}) {
    world.emplace(engine, WorldOptions{});
    machine.emplace();
    machine->add_device(profile);
    machine->add_device(profile);
    RunResult result = world->run([&] {
      driver = start_process(options);
      context = driver->context_create(device_0).value();
      stream = driver->stream_create(context).value();
      module = driver->module_load(context, test_image()).value();
      body();
      driver.reset();
    });
    driver.reset();
    return result;
  }
  /// One more process with a driver.
  std::unique_ptr<SimulatedDriver> start_process(const DriverOptions& options = {}) {
    return std::make_unique<SimulatedDriver>(scheduler(), *machine, options);
  }
  static gpu::ModuleImage test_image() {
    return {.kind = gpu::ImageKind::host, .bytes = {}, .host = &test_module};
  }
  runtime::Scheduler& scheduler() { return world->services().scheduler; }
  SimulatedDevice& device() { return machine->device(device_0); }

  void pass(runtime::Duration span) { EXPECT_TRUE(runtime::sleep_for(scheduler(), span)); }
  /// Virtual time that `body` takes.
  template <typename F>
  std::int64_t nanoseconds(F body) {
    const runtime::TimePoint start = scheduler().now();
    body();
    return (scheduler().now() - start).count();
  }
  /// What `body` answers when it is given 10 s on a helper, or nothing when it is still blocked.
  template <typename F>
  std::optional<R> within_10_s(F body) {
    const auto answer = std::make_shared<std::optional<R>>();
    const runtime::TimePoint deadline = scheduler().now() + std::chrono::seconds{10};
    static_cast<void>(scheduler().run_blocking(
        "call", [body, answer]() mutable { *answer = body(); }, deadline));
    return *answer;
  }

  gpu::DevicePointer words(std::uint64_t count) {
    return driver->memory_allocate(context, count * 4).value();
  }
  R launch(std::string_view name, gpu::DevicePointer at = {}, std::uint32_t count = 0,
           std::uint32_t value = 0) {
    const auto function = driver->module_function(context, module, name);
    if (!function) return function.error().code;
    const std::array arguments{gpu::KernelArgument::of(at), gpu::KernelArgument::of(count),
                               gpu::KernelArgument::of(value)};
    gpu::Launch launch;
    launch.function = *function;
    launch.grid.x = count / 128 + 1;
    launch.block.x = 128;
    launch.stream = stream;
    launch.arguments = arguments;
    return driver->launch_kernel(context, launch).code;
  }
  R fill(gpu::DevicePointer at, std::uint32_t count, std::uint32_t value) {
    return launch("fill", at, count, value);
  }
  /// A kernel that ends as `fault` says.
  void launch_with(const WorkFault& fault) {
    driver->arm(fault);
    EXPECT_EQ(launch("fill", words(1), 1), R::success);
  }
  void launch_stuck(StuckUntil until = StuckUntil::process_replaced) {
    WorkFault fault;
    fault.stuck = true;
    fault.until = until;
    launch_with(fault);
  }
  R synchronize() { return driver->stream_synchronize(context, stream).code; }
  R query() { return driver->stream_query(context, stream).code; }
  template <typename T>
  static R code(const gpu::Answer<T>& answer) {
    return answer ? R::success : answer.error().code;
  }

  Engine engine;
  DeviceProfile profile = DeviceProfile::standard();
  std::optional<SimulatedMachine> machine;
  std::optional<World> world;
  std::unique_ptr<SimulatedDriver> driver;
  gpu::ContextHandle context;
  gpu::StreamHandle stream;
  gpu::ModuleHandle module;
};

}  // namespace thresher::sim
