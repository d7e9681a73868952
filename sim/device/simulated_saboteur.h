// Makes device and process faults in the simulated machine: the simulated form of the interfaces
// that the fault plan's wrappers call.
#pragma once

#include "thresher/faults/saboteur.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/sim/device/simulated_driver_host.h"

namespace thresher::sim {

/// What `effect` does to one piece of work. Requires: it is an effect of work.
WorkFault work_fault(const faults::Effect& effect);

class SimulatedWorkSaboteur final : public faults::WorkSaboteur {
 public:
  /// `driver` outlives the saboteur.
  explicit SimulatedWorkSaboteur(SimulatedDriver& driver) noexcept : driver_{driver} {}
  void arm(const faults::Effect& effect) override { driver_.arm(work_fault(effect)); }
  void disarm() override { driver_.disarm(); }
  void lose_context(gpu::ContextHandle context) override;

 private:
  SimulatedDriver& driver_;
};

class SimulatedDeviceSaboteur final : public faults::DeviceSaboteur {
 public:
  /// Both outlive the saboteur.
  SimulatedDeviceSaboteur(SimulatedMachine& machine, runtime::Scheduler& scheduler) noexcept
      : machine_{machine}, scheduler_{scheduler} {}
  /// All kinds of device faults.
  bool can(faults::FaultKind kind) const noexcept override;
  std::uint32_t device_count() const noexcept override { return machine_.device_count(); }
  void strike(gpu::DeviceOrdinal device, const faults::Effect& effect) override;
  void heal(gpu::DeviceOrdinal device) override;

 private:
  SimulatedMachine& machine_;
  runtime::Scheduler& scheduler_;
};

class SimulatedProcessSaboteur final : public faults::ProcessSaboteur {
 public:
  /// Until then nothing dies. `host` outlives the saboteur's use.
  void attach(SimulatedDriverHost* host) noexcept { host_ = host; }
  void kill_worker(gpu::DeviceOrdinal device) override {
    if (host_ != nullptr) host_->crash(device);
  }

 private:
  SimulatedDriverHost* host_ = nullptr;
};

}  // namespace thresher::sim
