// Device and pinned host memory of the simulated driver, and copies between them.
//
// As documented for the driver API: ranges are checked at the call (invalid_value); copies from
// pinned memory run later and read or write it then; a copy from pageable memory is staged at the
// call; a copy to pageable memory returns only when it is done.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/call_entry.h"
#include "thresher/sim/device/driver_core.h"
#include "thresher/sim/device/simulated_driver.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {

using gpu::Answer;
using gpu::ContextHandle;
using gpu::DevicePointer;
using gpu::DriverCall;
using gpu::DriverResult;
using gpu::Status;
using gpu::StreamHandle;

Answer<gpu::MemoryInfo> SimulatedDriver::memory_info(ContextHandle context) {
  CallEntry entry{core_, DriverCall::memory_info, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  const DeviceMemory& memory = entry.device().memory();
  THRESHER_ASSERT(memory.free_bytes() <= memory.total_bytes());
  return gpu::MemoryInfo{.free_bytes = memory.free_bytes(), .total_bytes = memory.total_bytes()};
}

Answer<DevicePointer> SimulatedDriver::memory_allocate(ContextHandle context,
                                                       std::uint64_t bytes) {
  CallEntry entry{core_, DriverCall::memory_allocate, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  if (bytes == 0) return runtime::Unexpected{entry.refuse(DriverResult::invalid_value)};
  if (core_->options().allocate_waits) {
    if (const Status waited = entry.wait_for_context(); !waited.ok()) {
      return runtime::Unexpected{waited};
    }
  }
  const auto address = entry.device().memory().allocate(entry.context().id, bytes);
  THRESHER_ASSERT(!address || *address != 0);
  if (!address) return gpu::refuse(DriverResult::out_of_memory);
  return DevicePointer{*address};
}

Status SimulatedDriver::memory_free(ContextHandle context, DevicePointer pointer) {
  CallEntry entry{core_, DriverCall::memory_free, context, Charge::later};
  if (entry.refused() || pointer.value == 0) return entry.status();
  if (!entry.device().memory().contains(entry.context().id, pointer.value, 1)) {
    return entry.refuse(DriverResult::invalid_value);
  }
  if (core_->options().free_waits) {
    if (const Status waited = entry.wait_for_context(); !waited.ok()) return waited;
  }
  entry.charge();
  if (entry.refused()) return entry.status();
  // Looked at again: while this call waited, another fiber may have freed it.
  const bool released = entry.device().memory().release(entry.context().id, pointer.value);
  return released ? Status{} : entry.refuse(DriverResult::invalid_value);
}

Answer<std::byte*> SimulatedDriver::host_allocate(ContextHandle context, std::uint64_t bytes) {
  CallEntry entry{core_, DriverCall::host_allocate, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  if (bytes == 0) return runtime::Unexpected{entry.refuse(DriverResult::invalid_value)};
  if (bytes > core_->options().host_bytes_max - core_->host_bytes()) {
    return gpu::refuse(DriverResult::out_of_memory);
  }
  HostBlock block{.bytes = bytes, .memory = std::make_unique<std::byte[]>(bytes)};
  std::byte* const at = block.memory.get();
  THRESHER_ASSERT(block.holds(at, bytes));
  core_->host_bytes() += bytes;
  entry.context().host_blocks.push_back(std::move(block));
  return at;
}

Status SimulatedDriver::host_free(ContextHandle context, std::byte* pointer) {
  CallEntry entry{core_, DriverCall::host_free, context, Charge::later};
  if (entry.refused() || pointer == nullptr) return entry.status();
  const auto starts_at = [pointer](const HostBlock& block) {
    return block.memory.get() == pointer;
  };
  if (std::ranges::none_of(entry.context().host_blocks, starts_at)) {
    return entry.refuse(DriverResult::invalid_value);
  }
  if (core_->options().free_waits) {
    if (const Status waited = entry.wait_for_context(); !waited.ok()) return waited;
  }
  entry.charge();
  if (entry.refused()) return entry.status();
  auto& blocks = entry.context().host_blocks;
  const auto found = std::ranges::find_if(blocks, starts_at);
  if (found == blocks.end()) return entry.refuse(DriverResult::invalid_value);
  THRESHER_ASSERT(entry.core().host_bytes() >= found->bytes);
  entry.core().host_bytes() -= found->bytes;
  blocks.erase(found);
  return {};
}

Status SimulatedDriver::copy_to_device(ContextHandle context, DevicePointer to,
                                       std::span<const std::byte> from, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::copy_to_device, context};
  if (entry.refused() || from.empty()) return entry.status();
  SimulatedDevice& device = entry.device();
  if (!device.memory().contains(entry.context().id, to.value, from.size())) {
    return entry.refuse(DriverResult::invalid_value);
  }
  const DeviceProfile& profile = device.profile();
  Work work{.kind = WorkKind::copy_to_device};
  work.cost = profile.copy_cost(from.size(), profile.bytes_to_device_per_us);
  work.to = to;
  work.bytes = from.size();
  work.host_from = from;
  if (!core_->is_pinned(from.data(), from.size())) {
    // Moving the work keeps the vector's bytes where they are, so the span stays right.
    work.staged.assign(from.begin(), from.end());
    work.host_from = work.staged;
    THRESHER_ASSERT(work.host_from.size() == from.size());
  }
  const auto point = submit(entry, stream, std::move(work));
  return point ? Status{} : point.error();
}

Status SimulatedDriver::copy_to_host(ContextHandle context, std::span<std::byte> to,
                                     DevicePointer from, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::copy_to_host, context};
  if (entry.refused() || to.empty()) return entry.status();
  SimulatedDevice& device = entry.device();
  if (!device.memory().contains(entry.context().id, from.value, to.size())) {
    return entry.refuse(DriverResult::invalid_value);
  }
  const DeviceProfile& profile = device.profile();
  Work work{.kind = WorkKind::copy_to_host};
  work.cost = profile.copy_cost(to.size(), profile.bytes_to_host_per_us);
  work.from = from;
  work.bytes = to.size();
  work.host_to = to;
  const bool pinned = core_->is_pinned(to.data(), to.size());
  const auto point = submit(entry, stream, std::move(work));
  if (!point) return point.error();
  if (pinned) return {};
  Timeline& timeline = device.timeline();
  return entry.wait_until([&timeline, at = *point] { return timeline.reached(at); });
}

Status SimulatedDriver::copy_on_device(ContextHandle context, DevicePointer to,
                                       DevicePointer from, std::uint64_t bytes,
                                       StreamHandle stream) {
  CallEntry entry{core_, DriverCall::copy_on_device, context};
  if (entry.refused() || bytes == 0) return entry.status();
  const DeviceMemory& memory = entry.device().memory();
  if (!memory.contains(entry.context().id, to.value, bytes) ||
      !memory.contains(entry.context().id, from.value, bytes)) {
    return entry.refuse(DriverResult::invalid_value);
  }
  const DeviceProfile& profile = entry.device().profile();
  Work work{.kind = WorkKind::copy_on_device};
  work.cost = profile.copy_cost(bytes, profile.bytes_on_device_per_us);
  work.to = to;
  work.from = from;
  work.bytes = bytes;
  const auto point = submit(entry, stream, std::move(work));
  return point ? Status{} : point.error();
}

Status SimulatedDriver::memory_set(ContextHandle context, DevicePointer to, std::byte value,
                                   std::uint64_t bytes, StreamHandle stream) {
  CallEntry entry{core_, DriverCall::memory_set, context};
  if (entry.refused() || bytes == 0) return entry.status();
  if (!entry.device().memory().contains(entry.context().id, to.value, bytes)) {
    return entry.refuse(DriverResult::invalid_value);
  }
  const DeviceProfile& profile = entry.device().profile();
  Work work{.kind = WorkKind::memory_set};
  work.cost = profile.copy_cost(bytes, profile.bytes_on_device_per_us);
  work.to = to;
  work.value = value;
  work.bytes = bytes;
  const auto point = submit(entry, stream, std::move(work));
  return point ? Status{} : point.error();
}

}  // namespace thresher::sim
