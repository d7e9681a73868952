// HybridAllocator: two pools over disjoint devices.
//
// The exclusive pool has a slot a device and no queue; both pools tend their slots themselves.
#include "thresher/gpu/hybrid_allocator.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

bool names(const std::vector<DeviceOrdinal>& devices, DeviceOrdinal device) {
  return std::ranges::find(devices, device) != devices.end();
}

PoolOptions exclusive_options(const HybridOptions& options) {
  PoolOptions result = options.pool;
  result.devices = options.exclusive_devices;
  result.size = std::max<std::uint32_t>(
      1, static_cast<std::uint32_t>(options.exclusive_devices.size()));
  result.exclusive_devices = true;
  return result;
}

PoolOptions shared_options(AcceleratorFactory& factory, const HybridOptions& options) {
  PoolOptions result = options.pool;
  for (const DeviceOrdinal device : result.devices) {
    THRESHER_ASSERT(!names(options.exclusive_devices, device));
  }
  if (!result.devices.empty()) return result;
  const std::uint32_t count = factory.device_count().value_or(0u);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (!names(options.exclusive_devices, DeviceOrdinal{i})) result.devices.push_back({i});
  }
  return result;
}

}  // namespace

HybridAllocator::HybridAllocator(AcceleratorFactory& factory, HybridOptions options)
    : exclusive_{factory, exclusive_options(options)},
      pool_{factory, shared_options(factory, options)},
      has_exclusive_{!options.exclusive_devices.empty()},
      has_pool_{!shared_options(factory, options).devices.empty()} {}

Result<Lease> HybridAllocator::acquire(Priority priority, const CallOptions& call) {
  switch (priority) {
    case Priority::normal: return has_pool_ ? pool_.acquire(call) : fail(Errc::capacity);
    case Priority::high:
      return has_exclusive_ ? exclusive_.try_acquire(call) : fail(Errc::capacity);
  }
  THRESHER_UNREACHABLE();
}

Result<void> HybridAllocator::close(const CallOptions& call) {
  const Result<void> exclusive = exclusive_.close(call);
  const Result<void> shared = pool_.close(call);
  return exclusive ? shared : exclusive;
}

}  // namespace thresher::gpu
