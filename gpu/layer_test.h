// The vocabulary of the layer's unit tests: a world, simulated devices, a factory, kernels.
//
// Included by tests only; a test body runs as the world's first fiber. Whatever the test does, a
// stale handle or a blocking call outside run_blocking that reaches the driver fails it.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/driver_host.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/device/simulated_driver.h"
#include "thresher/sim/device/simulated_machine.h"
#include "thresher/sim/trace.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace thresher::gpu {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""min;
using runtime::Errc;

/// y[i] = x[i] * factor, in place.
inline DriverResult scale_body(HostKernelRun& run) {
  const auto count = run.argument<std::uint32_t>(2);
  const auto values = run.array<std::uint32_t>(0, count);
  if (values.size() != count) return run.memory.fault();
  for (std::uint32_t& value : values) value *= run.argument<std::uint32_t>(1);
  return DriverResult::success;
}
inline constexpr std::array scale_functions{HostFunction{"scale", &scale_body, 4}};
inline constexpr HostModule scale_module{"scale", scale_functions};
inline constexpr KernelSource scale_kernel{"scale", "scale", "", &scale_module};

/// A driver process a device, without a process around it; counts what it is asked.
class TestHost final : public DriverHost, public sim::DriverWatch {
 public:
  TestHost(runtime::Scheduler& scheduler, sim::SimulatedMachine& machine)
      : scheduler_{scheduler}, machine_{machine} {}

  runtime::Result<std::uint32_t> device_count() override { return machine_.device_count(); }
  runtime::Result<DriverProcess> start(DeviceOrdinal device, runtime::TimePoint) override {
    if (start_error) return runtime::fail(*start_error);
    sim::DriverOptions driver_options = options;
    driver_options.watch = this;
    drivers_.push_back(
        std::make_unique<sim::SimulatedDriver>(scheduler_, machine_, driver_options));
    running_[device] = drivers_.back().get();
    return DriverProcess{drivers_.back().get(), ++starts};
  }
  runtime::Result<void> kill(DeviceOrdinal device, std::uint64_t, runtime::TimePoint) override {
    ++kills;
    running_.at(device)->end_process();
    return {};
  }
  bool isolated() const noexcept override { return is_isolated; }
  sim::SimulatedDriver& driver(DeviceOrdinal device = {}) { return *running_.at(device); }

  void stale_handle(DriverCall call) noexcept override {
    ADD_FAILURE() << "stale handle in " << name(call);
  }
  void blocks_worker(DriverCall call) noexcept override {
    ADD_FAILURE() << "blocks its worker: " << name(call);
  }

  bool is_isolated = true;
  std::uint64_t starts = 0;
  std::uint64_t kills = 0;
  std::optional<Errc> start_error;
  sim::DriverOptions options;

 private:
  runtime::Scheduler& scheduler_;
  sim::SimulatedMachine& machine_;
  std::vector<std::unique_ptr<sim::SimulatedDriver>> drivers_;
  std::map<DeviceOrdinal, sim::SimulatedDriver*> running_;
};

/// Counts compiles.
class CountingCompiler final : public Compiler {
 public:
  runtime::Result<CompiledCode> compile(const CompileRequest& request) override {
    ++compiles;
    return kept_.compile(request);
  }
  std::uint64_t compiles = 0;

 private:
  KeptCompiler kept_;
};

/// Answers what the test put in, once each.
class ScriptedFaults final : public LayerFaults {
 public:
  LayerFault on_reset(DeviceOrdinal, ResetType type) noexcept override {
    resets.push_back(type);
    return take(reset);
  }
  LayerFault on_canary(DeviceOrdinal) noexcept override {
    ++canaries;
    return take(canary);
  }
  std::vector<LayerFault> reset;
  std::vector<LayerFault> canary;
  std::vector<ResetType> resets;
  int canaries = 0;

 private:
  static LayerFault take(std::vector<LayerFault>& script) noexcept {
    if (script.empty()) return LayerFault::none;
    const LayerFault next = script.front();
    script.erase(script.begin());
    return next;
  }
};

/// What a test body is given; lives for one world.
struct Layer {
  Layer(runtime::Services& the_services, std::uint32_t devices, const FactoryOptions& options)
      : services{the_services}, host{the_services.scheduler, with_devices(devices)} {
    factory = std::make_unique<AcceleratorFactory>(services, host, compiler, options, &faults);
  }
  sim::SimulatedMachine& with_devices(std::uint32_t devices) {
    // Small, so that filling it costs the test little.
    sim::DeviceProfile profile = sim::DeviceProfile::standard();
    profile.properties.memory_bytes = 96ull << 20;
    profile.context_bytes = 8ull << 20;
    for (std::uint32_t i = 0; i < devices; ++i) machine.add_device(profile);
    return machine;
  }

  std::shared_ptr<Accelerator> create(DeviceOrdinal device = {}) {
    return factory->create(AcceleratorKind::cuda, device).value();
  }
  runtime::TimePoint in(runtime::Duration span) { return services.scheduler.now() + span; }
  CallOptions within(runtime::Duration span) { return CallOptions::until(in(span)); }
  void pause(runtime::Duration span) {
    ASSERT_TRUE(runtime::sleep_for(services.scheduler, span).has_value());
  }
  /// Computes 0, 3, 6, ... on the device and says whether it did.
  runtime::Result<bool> computes(Accelerator& accelerator) {
    THRESHER_TRY(kernel, accelerator.load(scale_kernel));
    THRESHER_TRY(buffer, accelerator.allocate<std::uint32_t>(100));
    std::vector<std::uint32_t> data(100);
    std::iota(data.begin(), data.end(), 0u);
    THRESHER_TRY_VOID(buffer.copy_from(data));
    THRESHER_TRY_VOID(accelerator.launch(kernel, LaunchShape::linear(100),
                                         arguments(buffer, 3u, 100u)));
    std::vector<std::uint32_t> answer(100);
    THRESHER_TRY_VOID(buffer.copy_to(answer));
    THRESHER_TRY_VOID(buffer.dispose());
    for (std::uint32_t i = 0; i < 100; ++i) {
      if (answer[i] != 3 * i) return false;
    }
    return true;
  }
  /// Queues a kernel that never ends; gives the buffer that it may touch.
  Buffer<std::uint32_t> stick(Accelerator& accelerator,
                              sim::StuckUntil until = sim::StuckUntil::process_replaced) {
    return disturb(accelerator, {.stuck = true, .until = until});
  }
  /// Replaces the process, whatever hangs in it.
  void free(Accelerator& accelerator) {
    ResetOptions forced = ResetOptions::Full;
    forced.force = true;
    EXPECT_TRUE(accelerator.reset(forced).value().success);
  }
  /// Queues a kernel that ends with `result`.
  Buffer<std::uint32_t> fault(Accelerator& accelerator, DriverResult result) {
    return disturb(accelerator, {.result = result});
  }
  Buffer<std::uint32_t> disturb(Accelerator& accelerator, const sim::WorkFault& work_fault) {
    const Kernel kernel = accelerator.load(scale_kernel).value();
    auto buffer = accelerator.allocate<std::uint32_t>(100).value();
    host.driver(accelerator.device()).arm(work_fault);
    accelerator.launch(kernel, LaunchShape::linear(100), arguments(buffer, 3u, 100u)).value();
    return buffer;
  }

  runtime::Services& services;
  sim::SimulatedMachine machine;
  TestHost host;
  CountingCompiler compiler;
  ScriptedFaults faults;
  std::unique_ptr<AcceleratorFactory> factory;
};

class LayerTest : public testing::Test {
 protected:
  /// Runs `body(layer)` in a world of its own.
  template <typename Body>
  sim::RunResult run_world(Body body) {
    sim::WorldOptions world_options;
    world_options.seed = seed;
    world_options.fault_points = false;
    sim::World world{engine, world_options};
    std::unique_ptr<Layer> layer;
    return world.run([&] {
      layer = std::make_unique<Layer>(world.services(), devices, options);
      body(*layer);
    });
  }
  /// The same; the world must survive.
  template <typename Body>
  void run(Body body) {
    const sim::RunResult result = run_world(std::move(body));
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.label << ": " << result.message;
  }

  sim::Engine engine;
  std::uint64_t seed = 1;
  std::uint32_t devices = 1;
  FactoryOptions options;
};

}  // namespace thresher::gpu
