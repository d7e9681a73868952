// HybridAllocator: exclusive devices for high priority, the pool for the rest.
//
// Two pools over disjoint devices: one slot a device and no queue for the exclusive ones, so that a
// high-priority grain gets a whole device or a typed `capacity` at once. Both give Leases. Any
// worker.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/accelerator_pool.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <vector>

namespace thresher::gpu {

/// The guide's GrainPriority.
enum class Priority : std::uint8_t { normal, high };

struct HybridOptions {
  /// Devices that only high priority gets.
  std::vector<DeviceOrdinal> exclusive_devices;
  /// The pool for normal priority; its `devices` must not name an exclusive one, and where they are
  /// empty all others are meant.
  PoolOptions pool;
};

class HybridAllocator {
 public:
  /// `factory` outlives the allocator and its leases. Call on a fiber.
  HybridAllocator(AcceleratorFactory& factory, HybridOptions options);

  /// high: an exclusive device, or `capacity` when none is left. normal: AcceleratorPool::acquire.
  runtime::Result<Lease> acquire(Priority priority, const CallOptions& call = {});
  /// Closes both pools.
  runtime::Result<void> close(const CallOptions& call = {});

  const AcceleratorPool& pool() const noexcept { return pool_; }
  const AcceleratorPool& exclusive() const noexcept { return exclusive_; }

 private:
  AcceleratorPool exclusive_;
  AcceleratorPool pool_;
  bool has_exclusive_;
  bool has_pool_;
};

}  // namespace thresher::gpu
