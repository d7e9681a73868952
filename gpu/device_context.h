// DeviceContext: one CUDA context with its epoch, gate, memory pool, modules and shelves.
//
// The epoch goes up by one whenever the CUDA context dies (Hard, Full); only who holds the gate
// alone changes it. Everything that died with the old one is forgotten at that moment, and what
// still comes back from before finds nobody who would use it again. Owned by the accelerators
// that live in it; known to its node. Any worker.
#pragma once

#include "thresher/gpu/call_options.h"
#include "thresher/gpu/completion_hub.h"
#include "thresher/gpu/condition.h"
#include "thresher/gpu/device_info.h"
#include "thresher/gpu/gate.h"
#include "thresher/gpu/memory_pool.h"
#include "thresher/gpu/module_table.h"
#include "thresher/gpu/pass.h"
#include "thresher/gpu/shelves.h"
#include "thresher/runtime/base/error.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace thresher::gpu {

class DeviceNode;
struct AcceleratorState;

class DeviceContext {
 public:
  DeviceContext(DeviceNode& node, std::uint64_t id, const MemoryPoolOptions& options);
  DeviceContext(const DeviceContext&) = delete;
  DeviceContext& operator=(const DeviceContext&) = delete;
  ~DeviceContext();

  std::uint64_t id() const noexcept { return id_; }
  std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
  Stamp stamp() const noexcept;
  DeviceNode& node() const noexcept { return node_; }
  Gate& gate() noexcept { return gate_; }
  MemoryPool& pool() noexcept { return pool_; }
  const MemoryPool& pool() const noexcept { return pool_; }
  ModuleTable& modules() noexcept { return modules_; }
  Condition& condition() noexcept { return condition_; }
  ContextHandle handle() const noexcept { return handle_; }

  /// Success, or what a call would be answered now: quarantined, device_lost, process_lost,
  /// context_lost. Never parks.
  runtime::Result<void> usable() const noexcept;
  /// The least level that helps, or nothing while it is healthy.
  std::optional<ResetType> required_level() const noexcept;

  /// Into the gate for driver calls with handles of `stamp`. Parks while a reset runs. Errors:
  /// refused, cancelled, timeout, stale_handle, and those of `usable`.
  runtime::Result<Pass> enter(const Stamp& stamp, const CallOptions& call);
  /// For who holds the gate alone (or has published the context to nobody yet).
  Pass inside(runtime::TimePoint deadline) noexcept;

  /// Makes the CUDA context. Requires: there is none. Parks.
  runtime::Result<void> create(runtime::TimePoint deadline);
  /// Destroys it. Requires: held alone. Parks; on an error it is still there, or its state unknown.
  runtime::Result<void> destroy(runtime::TimePoint deadline);
  /// The CUDA context is gone, by `destroy` or with its process: forgets all that was in it and
  /// opens the next epoch. Requires: held alone. Gives the bytes of device memory that went.
  std::uint64_t forget() noexcept;

  /// Notes what a status says about this context or its process; of an older epoch it says nothing.
  void note(Status status, std::uint64_t epoch) noexcept;
  /// A call that may block did not come back: nothing but Full helps.
  void lose(DriverCall which) noexcept;

  /// An event to record, used again where one is free. Errors: the device's own.
  runtime::Result<EventHandle> take_event(Pass& pass);
  /// Pinned memory of at least `bytes`. Parks. Errors: capacity, the device's own.
  runtime::Result<PinnedBlock> take_pinned(Pass& pass, std::uint64_t bytes);
  const std::shared_ptr<EventShelf>& events() const noexcept { return events_; }
  /// Keeps staging memory that the device may touch and nobody is told about, until `forget`.
  void strand(PinnedBlock staging);
  /// Says that a stream was left behind with work in flight.
  void count_abandoned() noexcept { ++abandoned_streams_; }
  std::uint32_t abandoned_streams() const noexcept { return abandoned_streams_; }

  /// Accelerators that live in it, by id.
  void join(AcceleratorState& member);
  void part(AcceleratorState& member) noexcept;
  std::vector<AcceleratorState*> members() const;

 private:
  runtime::Result<void> check(const Stamp& stamp, const CallOptions& call) const noexcept;

  DeviceNode& node_;
  std::uint64_t id_;
  std::atomic<std::uint64_t> epoch_{1};
  ContextHandle handle_;
  Gate gate_;
  Condition condition_;
  MemoryPool pool_;
  ModuleTable modules_;
  /// Shared with operations in flight; replaced at each epoch.
  std::shared_ptr<EventShelf> events_ = std::make_shared<EventShelf>();
  std::shared_ptr<PinnedShelf> pinned_ = std::make_shared<PinnedShelf>();
  std::vector<PinnedBlock> stranded_;
  std::atomic<std::uint32_t> abandoned_streams_{0};
  mutable runtime::ShortLock members_lock_;
  std::vector<AcceleratorState*> members_;
};

/// Lets a pool call the driver with the right of one Pass.
class PassSource final : public MemorySource {
 public:
  PassSource(Pass& pass, EventShelf& events) noexcept : pass_{pass}, events_{events} {}
  runtime::Result<DevicePointer> allocate(std::uint64_t bytes) override;
  runtime::Result<void> release(DevicePointer at) override;
  runtime::Result<bool> passed(EventHandle event) override;
  void recycle(EventHandle event) noexcept override { events_.give(event); }

 private:
  Pass& pass_;
  EventShelf& events_;
};

}  // namespace thresher::gpu
