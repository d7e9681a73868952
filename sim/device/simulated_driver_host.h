// The simulated form of gpu::DriverHost: one worker process a device, on runtime::Processes.
//
// The worker process is a group of fibers that lives and dies as the real one would; the driver
// itself is called directly from the parent's fibers, which are charged what the call costs. When
// the worker ends, for whatever reason, the driver's process ends on the device: its memory is
// free, pending calls and notices answer process_gone. A worker whose kernel nothing stops cannot
// be ended: `kill` answers timeout then, and its memory stays in use (a process in the D state).
#pragma once

#include "thresher/gpu/driver_host.h"
#include "thresher/runtime/fiber/processes.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/sim/device/simulated_driver.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace thresher::sim {

class World;

/// Puts wrappers (faults, hashing) around the driver of a new process; gives what callers see, or
/// null for none. What it gives is destroyed before the driver.
using DriverWrapper = std::function<std::unique_ptr<gpu::Driver>(
    SimulatedDriver& driver, gpu::DeviceOrdinal device, std::uint64_t incarnation)>;

struct DriverHostOptions {
  DriverOptions driver;
  /// From the start of a worker to the driver's first answer (process start and cuInit).
  runtime::Duration start_time = std::chrono::milliseconds{500};
  /// From the kill to the end of the teardown of what the process had on the device.
  runtime::Duration teardown_time = std::chrono::milliseconds{100};
  DriverWrapper wrap;
};

/// The name by which the worker's program is registered.
inline constexpr const char* gpu_worker_program = "gpu-worker";
/// Registers the worker's program with a world. Once a world, before it runs.
void register_gpu_worker(World& world);

class SimulatedDriverHost final : public gpu::DriverHost {
 public:
  /// All outlive the host. When it is destroyed, no call is in any of its drivers.
  SimulatedDriverHost(runtime::Services& services, runtime::Processes& processes,
                      SimulatedMachine& machine, DriverHostOptions options = {});
  ~SimulatedDriverHost() override;

  runtime::Result<std::uint32_t> device_count() override;
  runtime::Result<gpu::DriverProcess> start(gpu::DeviceOrdinal device,
                                            runtime::TimePoint deadline) override;
  runtime::Result<void> kill(gpu::DeviceOrdinal device, std::uint64_t incarnation,
                             runtime::TimePoint deadline) override;
  bool isolated() const noexcept override { return true; }

  /// The worker of `device` dies by itself, as after a crash. Never parks; false when none runs.
  bool crash(gpu::DeviceOrdinal device);
  /// The driver in the running worker of `device`, without its wrappers, or null.
  SimulatedDriver* driver(gpu::DeviceOrdinal device) noexcept;

 private:
  /// One worker; kept until the host goes, since its driver answers until then.
  struct Worker {
    gpu::DeviceOrdinal device;
    std::uint64_t incarnation = 0;
    runtime::ProcessId process;
    std::unique_ptr<SimulatedDriver> driver;
    std::unique_ptr<gpu::Driver> wrapped;
  };

  runtime::Result<void> await_ready(runtime::ProcessId process, runtime::TimePoint deadline);
  void watch(const std::shared_ptr<Worker>& worker);
  Worker* running(gpu::DeviceOrdinal device) noexcept;

  runtime::Services& services_;
  runtime::Processes& processes_;
  SimulatedMachine& machine_;
  DriverHostOptions options_;
  /// Shared with the fiber that watches each.
  std::vector<std::shared_ptr<Worker>> workers_;
  std::map<gpu::DeviceOrdinal, std::uint64_t> incarnations_;
};

}  // namespace thresher::sim
