// What one process's driver knows: contexts and what lives in them, by handle.
//
// Handles are counted from 1 over the driver's life, whatever they name, so that a stale one is
// never a live one. Plain data, guarded by the machine's lock.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/host_kernel.h"
#include "thresher/sim/device/device_ids.h"
#include "thresher/sim/device/work.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace thresher::sim {

/// Pinned host memory. It outlives its context (work that was dropped may not be the only user),
/// but not the driver.
struct HostBlock {
  std::uint64_t bytes = 0;
  std::unique_ptr<std::byte[]> memory;

  bool holds(const std::byte* at, std::uint64_t count) const noexcept {
    const std::less_equal<const std::byte*> not_after;
    return not_after(memory.get(), at) && not_after(at + count, memory.get() + bytes);
  }
};

struct ModuleState {
  const gpu::HostModule* host = nullptr;
};

struct FunctionState {
  const gpu::HostFunction* function = nullptr;
  gpu::ModuleHandle module;
};

struct ContextState {
  gpu::DeviceOrdinal device;
  DeviceContextId id;
  /// An error that stays until the context is destroyed.
  gpu::Status sticky;
  /// An asynchronous error that is reported once.
  gpu::Status pending;
  /// The stream of calls that name none.
  QueueId default_queue;
  std::map<gpu::StreamHandle, QueueId> streams;
  /// Where each event was recorded last.
  std::map<gpu::EventHandle, StreamPoint> events;
  std::map<gpu::ModuleHandle, ModuleState> modules;
  std::map<gpu::FunctionHandle, FunctionState> functions;
  /// Few and long-lived, so that a scan does.
  std::vector<HostBlock> host_blocks;
};

/// A device's primary context in this process.
struct PrimaryState {
  gpu::ContextHandle context;
  std::uint32_t references = 0;
};

}  // namespace thresher::sim
