// DeviceNode: one device as this process sees it: its driver process, contexts and recovery.
//
// The driver process is started by the first accelerator and replaced by Full. Its gate is entered
// shared by what names the device only (making a context) and alone by starting and replacing the
// process. Owned by the factory; any worker.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/code_cache.h"
#include "thresher/gpu/completion_hub.h"
#include "thresher/gpu/condition.h"
#include "thresher/gpu/device_context.h"
#include "thresher/gpu/driver_host.h"
#include "thresher/gpu/gate.h"
#include "thresher/gpu/recovery.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/services.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace thresher::gpu {

/// What the nodes of a factory share.
struct NodeSeams {
  runtime::Services& services;
  DriverHost& host;
  CodeCache& code;
  LayerFaults& faults;
  const FactoryOptions& options;
};

class DeviceNode {
 public:
  DeviceNode(const NodeSeams& seams, DeviceOrdinal device);
  DeviceNode(const DeviceNode&) = delete;
  DeviceNode& operator=(const DeviceNode&) = delete;
  ~DeviceNode();

  DeviceOrdinal device() const noexcept { return device_; }
  const NodeSeams& seams() const noexcept { return seams_; }
  runtime::Services& services() const noexcept { return seams_.services; }
  runtime::Scheduler& scheduler() const noexcept { return seams_.services.scheduler; }
  Driver* driver() const noexcept { return process_.driver; }
  bool running() const noexcept { return process_.driver != nullptr; }
  const DeviceProperties& properties() const noexcept { return properties_; }
  Gate& gate() noexcept { return gate_; }
  /// Serialises Full resets, which take several gates.
  Gate& full_gate() noexcept { return full_gate_; }
  CompletionHub& hub() noexcept { return hub_; }
  Condition& condition() noexcept { return condition_; }
  const Condition& condition() const noexcept { return condition_; }
  Recovery& recovery() noexcept { return recovery_; }

  /// An accelerator with its streams. Starts the driver process if none runs. Parks.
  runtime::Result<std::shared_ptr<Accelerator>> create(AcceleratorId id, const CallOptions& call);
  /// Cleans up after accelerators that were dropped undisposed. Parks.
  void sweep(const CallOptions& call);
  /// Takes over what a dropped accelerator held. Never parks.
  void adopt(std::unique_ptr<AcceleratorState> orphan) noexcept;

  /// Starts the driver process and asks it for the device's properties. Requires: the gate is held
  /// alone and no process runs. Parks.
  runtime::Result<void> start_process(runtime::TimePoint deadline);
  /// Kills it. Succeeds when none runs. Parks.
  runtime::Result<void> kill_process(runtime::TimePoint deadline);
  /// Forgets the killed process. Requires: every gate is held alone.
  void process_ended() noexcept { process_ = DriverProcess{}; }

  /// Every context that lives, by id.
  std::vector<std::shared_ptr<DeviceContext>> contexts() const;

  void quarantine() noexcept;
  void readmit() noexcept;
  bool quarantined() const noexcept { return quarantined_.load(std::memory_order_acquire); }
  std::uint32_t accelerators() const noexcept {
    return accelerators_.load(std::memory_order_acquire);
  }
  void count_accelerator(int change) noexcept;

 private:
  runtime::Result<void> ensure_running(const CallOptions& call);
  runtime::Result<std::shared_ptr<DeviceContext>> make_context(const CallOptions& call);
  std::shared_ptr<DeviceContext> shared_context() const;

  NodeSeams seams_;
  DeviceOrdinal device_;
  DriverProcess process_;
  DeviceProperties properties_;
  Gate gate_;
  Gate full_gate_;
  CompletionHub hub_;
  Condition condition_;
  Recovery recovery_;
  std::atomic<bool> quarantined_{false};
  std::atomic<std::uint32_t> accelerators_{0};
  mutable runtime::ShortLock lock_;
  std::uint64_t last_incarnation_ = 0;
  std::uint64_t last_context_ = 0;
  std::vector<std::weak_ptr<DeviceContext>> contexts_;
  std::vector<std::unique_ptr<AcceleratorState>> orphans_;
};

}  // namespace thresher::gpu
