// AcceleratorFactory: the root of the layer in one process; owns a node a device.
//
// Holds the driver processes through its DriverHost, the host-side code cache and each device's
// recovery. One a silo; outlives every accelerator and pool made with it, and every fiber that the
// driver may complete something in. Any worker.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/compiler.h"
#include "thresher/gpu/device_info.h"
#include "thresher/gpu/driver_host.h"
#include "thresher/gpu/layer_faults.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/services.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace thresher::gpu {

class CodeCache;
class DeviceNode;

/// How `create` without a device chooses one.
enum class PlacementPolicy : std::uint8_t {
  fewest_accelerators,  ///< The usable device with the fewest; the lowest ordinal of equals.
  first_usable,         ///< The lowest ordinal that is usable.
};

struct FactoryOptions {
  PlacementPolicy placement = PlacementPolicy::fewest_accelerators;
  AcceleratorOptions accelerator;
  MemoryPoolOptions memory_pool;
  RecoveryOptions recovery;
  /// All accelerators of a device in one CUDA context, as DotCompute has it; a Hard reset of one
  /// then announces what it took from the others.
  bool shared_context = false;
};

class AcceleratorFactory {
 public:
  /// `host` and `compiler` outlive the factory; `faults` too where it is given.
  AcceleratorFactory(runtime::Services& services, DriverHost& host, Compiler& compiler,
                     FactoryOptions options = {}, LayerFaults* faults = nullptr);
  ~AcceleratorFactory();
  AcceleratorFactory(const AcceleratorFactory&) = delete;
  AcceleratorFactory& operator=(const AcceleratorFactory&) = delete;

  /// Errors: unsupported (a kind that is not there), unavailable.
  runtime::Result<std::uint32_t> device_count(AcceleratorKind kind = AcceleratorKind::cuda);

  /// An accelerator on a device chosen by policy; tries the others when the first answers
  /// unavailable, capacity or lost. Errors: unsupported (kind), and those of the last device tried.
  runtime::Result<std::shared_ptr<Accelerator>> create(AcceleratorKind kind,
                                                       const CallOptions& call = {});
  /// An accelerator on that device; starts its driver process when none runs. Errors: unsupported,
  /// not_found (no such device), quarantined, capacity, unavailable, timeout, cancelled, the
  /// device's own.
  runtime::Result<std::shared_ptr<Accelerator>> create(AcceleratorKind kind, DeviceOrdinal device,
                                                       const CallOptions& call = {});

  /// True when the device is not quarantined. Never parks. Requires: device < device_count().
  bool usable(DeviceOrdinal device) const;
  /// Accelerators that live on the device now.
  std::uint32_t accelerators_on(DeviceOrdinal device) const;
  /// Gives a quarantined device back (it was replaced): the next create starts a new process.
  void readmit(DeviceOrdinal device);
  /// Compiled sources that somebody refers to.
  std::size_t compiled_count() const;

  runtime::Services& services() noexcept { return services_; }
  const FactoryOptions& options() const noexcept { return options_; }

 private:
  DeviceNode* node(DeviceOrdinal device) const;
  std::vector<DeviceOrdinal> by_policy() const;

  runtime::Services& services_;
  DriverHost& host_;
  FactoryOptions options_;
  LayerFaults no_faults_;
  std::unique_ptr<CodeCache> code_;
  std::vector<std::unique_ptr<DeviceNode>> nodes_;
  std::optional<runtime::Error> host_error_;
  std::atomic<std::uint64_t> last_accelerator_{0};
};

}  // namespace thresher::gpu
