// The vocabulary of tests of fault injection: a world with two devices in isolated workers, a plan,
// and short verbs on the driver of device 0 as its callers see it. For tests only.
#pragma once

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/device/test_kernels.h"
#include "thresher/sim/device/world_faults.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace thresher::faults {

class FaultFixture : public testing::Test {
 protected:
  using R = gpu::DriverResult;
  static constexpr gpu::DeviceOrdinal device{0};
  static constexpr gpu::DeviceOrdinal other_device{1};

  /// Runs `body` under a plan of these rules, in a world that must survive.
  template <typename F>
  sim::RunResult run(const std::string& rules, F body, Budget budget = Budget::everything()) {
    world.emplace(engine, options);
    sim::register_gpu_worker(*world);
    machine.emplace();
    machine->add_device(profile);
    machine->add_device(profile);
    faults.emplace(*world, *machine);
    const sim::RunResult result = world->run([&] {
      const auto plan = Plan::parse("{\"rules\": [" + rules + "]}");
      ASSERT_TRUE(plan) << plan.error().message;
      const auto armed = faults->arm(*plan, budget);
      ASSERT_TRUE(armed) << armed.error().message;
      sim::DriverHostOptions host_options;
      host_options.wrap = faults->wrapper();
      host.emplace(world->services(), world->processes(), *machine, host_options);
      faults->attach(&*host);
      body();
      faults->attach(nullptr);
      host.reset();
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.label << ": " << result.message;
    return result;
  }
  /// Starts the worker of `which`, and makes a context with a stream and the test's module.
  void start(gpu::DeviceOrdinal which = device) {
    driver = host->start(which, runtime::no_deadline).value().driver;
    open(which);
  }
  void open(gpu::DeviceOrdinal which = device) {
    context = driver->context_create(which).value();
    stream = driver->stream_create(context).value();
    const gpu::ModuleImage image{
        .kind = gpu::ImageKind::host, .bytes = {}, .host = &sim::test_module};
    module = driver->module_load(context, image).value();
  }
  /// Kills the worker of device 0 and starts it anew.
  void replace_process() {
    ASSERT_TRUE(host->crash(device));
    start();
  }
  runtime::Scheduler& scheduler() { return world->services().scheduler; }
  sim::SimulatedDevice& hardware() { return machine->device(device); }
  void pass(runtime::Duration span) {
    EXPECT_TRUE(runtime::sleep_for(scheduler(), span).has_value());
  }

  template <typename T>
  static R code(const gpu::Answer<T>& answer) {
    return answer ? R::success : answer.error().code;
  }
  static R code(gpu::Status status) { return status.code; }
  gpu::Answer<gpu::DevicePointer> allocate(std::uint64_t bytes) {
    return driver->memory_allocate(context, bytes);
  }
  gpu::DevicePointer words(std::uint64_t count) { return allocate(count * 4).value(); }
  R fill(gpu::DevicePointer at, std::uint32_t count, std::uint32_t value) {
    const auto function = driver->module_function(context, module, "fill");
    if (!function) return function.error().code;
    const std::array arguments{gpu::KernelArgument::of(at), gpu::KernelArgument::of(count),
                               gpu::KernelArgument::of(value)};
    gpu::Launch launch;
    launch.function = *function;
    launch.block.x = 128;
    launch.stream = stream;
    launch.arguments = arguments;
    return driver->launch_kernel(context, launch).code;
  }
  R synchronize() { return driver->stream_synchronize(context, stream).code; }
  /// Fills memory with a kernel, reads it back, and says whether it is right.
  bool computes() {
    std::array<std::uint32_t, 4> words_read{};
    const auto at = allocate(16);
    if (!at || fill(*at, 4, 7) != R::success) return false;
    const auto to = std::as_writable_bytes(std::span{words_read});
    if (!driver->copy_to_host(context, to, *at, stream).ok()) return false;
    return words_read == std::array<std::uint32_t, 4>{7, 7, 7, 7};
  }

  sim::Engine engine;
  sim::WorldOptions options;
  sim::DeviceProfile profile = sim::DeviceProfile::standard();
  std::optional<sim::World> world;
  std::optional<sim::SimulatedMachine> machine;
  std::optional<sim::WorldFaults> faults;
  std::optional<sim::SimulatedDriverHost> host;
  gpu::Driver* driver = nullptr;
  gpu::ContextHandle context;
  gpu::StreamHandle stream;
  gpu::ModuleHandle module;
};

}  // namespace thresher::faults
