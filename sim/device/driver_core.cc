// Sticky errors, contexts and the process's end. Every change that somebody may wait for ends with
// `wake_all`: those who wait look again, so that a wake-up too many costs a step and no more.
#include "thresher/sim/device/driver_core.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {

using gpu::ContextHandle;
using gpu::DriverResult;
using gpu::Status;

DriverCore::DriverCore(runtime::Scheduler& scheduler, SimulatedMachine& machine,
                       const DriverOptions& options)
    : scheduler_{scheduler},
      machine_{machine},
      options_{options},
      process_{machine.new_process()},
      object_{scheduler.new_object()} {
  THRESHER_ASSERT(machine.device_count() > 0);
}

void DriverCore::charge(gpu::DriverCall call, runtime::Duration cost) {
  THRESHER_ASSERT(cost.count() >= 0);
  scheduler_.touch({.verb = gpu::name(call).data(),
                    .name = "driver",
                    .object = object_,
                    .reads_only = false});
  if (cost.count() > 0) scheduler_.spend(cost);
}

void DriverCore::end(bool deliver) {
  std::vector<Notice> open;
  {
    const std::lock_guard guard{machine_.lock()};
    if (closed_) return;
    closed_ = true;
    for (auto& [worker, pump] : pumps_) {
      for (const Notice& notice : pump->take_all()) open.push_back(notice);
    }
    machine_.end_process(process_, scheduler_.now());
    for (auto& [handle, context] : contexts_) {
      for (HostBlock& block : context.host_blocks) retired_blocks_.push_back(std::move(block));
    }
    contexts_.clear();
    primaries_.clear();
    wake_all();
  }
  if (!deliver) return;
  for (const Notice& notice : open) {
    notice.sink->complete(notice.token, Status{.code = DriverResult::process_gone});
  }
}

Status DriverCore::process_status() const noexcept {
  return closed_ ? Status{.code = DriverResult::process_gone} : sticky_;
}

ContextState* DriverCore::find(ContextHandle handle) noexcept {
  const auto found = contexts_.find(handle);
  return found == contexts_.end() ? nullptr : &found->second;
}

Status DriverCore::admit(ContextHandle handle) {
  if (const Status status = process_status(); !status.ok()) return status;
  ContextState* context = find(handle);
  if (context == nullptr) {
    return Status{.code = was_issued(handle.value) ? DriverResult::context_is_destroyed
                                                   : DriverResult::invalid_context};
  }
  if (!context->sticky.ok()) return context->sticky;
  return std::exchange(context->pending, Status{});
}

std::optional<Status> DriverCore::outcome(const Notice& notice) {
  THRESHER_ASSERT(notice.sink != nullptr);
  if (const Status status = process_status(); !status.ok()) return status;
  ContextState* context = find(notice.context);
  if (context == nullptr) return Status{.code = DriverResult::context_is_destroyed};
  if (!context->sticky.ok()) return context->sticky;
  if (!machine_.device(context->device).timeline().reached(notice.point)) return std::nullopt;
  return std::exchange(context->pending, Status{});
}

gpu::Answer<ContextHandle> DriverCore::open_context(gpu::DeviceOrdinal ordinal) {
  SimulatedDevice& device = machine_.device(ordinal);
  if (const Status status = device.availability(); !status.ok()) {
    return runtime::Unexpected{status};
  }
  THRESHER_ASSERT(!closed_);
  const DeviceContextId id = machine_.new_context();
  if (!device.add_context(id, process_, *this)) return gpu::refuse(DriverResult::out_of_memory);
  const auto handle = new_handle<ContextHandle>();
  THRESHER_ASSERT(find(handle) == nullptr);
  ContextState& context = contexts_[handle];
  context.device = ordinal;
  context.id = id;
  context.default_queue = device.timeline().open(id);
  return handle;
}

void DriverCore::close_context(ContextHandle handle) {
  const auto found = contexts_.find(handle);
  THRESHER_ASSERT(found != contexts_.end());
  ContextState& context = found->second;
  machine_.device(context.device).remove_context(context.id);
  for (HostBlock& block : context.host_blocks) retired_blocks_.push_back(std::move(block));
  if (const auto primary = primaries_.find(context.device);
      primary != primaries_.end() && primary->second.context == handle) {
    primaries_.erase(primary);
  }
  contexts_.erase(found);
  wake_all();
}

bool DriverCore::is_pinned(const std::byte* at, std::uint64_t bytes) const {
  THRESHER_ASSERT(at != nullptr && bytes > 0);
  for (const auto& [handle, context] : contexts_) {
    for (const HostBlock& block : context.host_blocks) {
      if (block.holds(at, bytes)) return true;
    }
  }
  return false;
}

void DriverCore::wake_all() noexcept {
  for (runtime::Wait* wait = blocked_.front(); wait != nullptr; wait = wait->next) {
    scheduler_.unpark(*wait, runtime::WaitEnd::satisfied);
  }
  for (auto& [worker, pump] : pumps_) pump->wake(scheduler_);
}

CompletionPump& DriverCore::pump(runtime::WorkerId worker) {
  auto& pump = pumps_[worker];
  if (pump == nullptr) pump = std::make_unique<CompletionPump>();
  return *pump;
}

WorkFault DriverCore::take_armed() {
  if (armed_.empty()) return {};
  const auto found = armed_.find(scheduler_.current());
  if (found == armed_.end()) return {};
  const WorkFault fault = found->second;
  armed_.erase(found);
  return fault;
}

void DriverCore::context_failed(DeviceContextId id, Status status) {
  THRESHER_ASSERT(!status.ok());
  const auto found = std::find_if(contexts_.begin(), contexts_.end(),
                                  [&](const auto& entry) { return entry.second.id == id; });
  THRESHER_ASSERT(found != contexts_.end());
  ContextState& context = found->second;
  const gpu::Stickiness stickiness = gpu::result_row(status.code).stickiness;
  if (stickiness == gpu::Stickiness::none) {
    if (context.pending.ok()) context.pending = status;
  } else if (stickiness == gpu::Stickiness::process &&
             options_.sticky_scope == StickyScope::process) {
    if (sticky_.ok()) sticky_ = status;
    for (auto& [handle, other] : contexts_) machine_.device(other.device).abort_work(other.id);
  } else if (context.sticky.ok()) {
    context.sticky = status;
  }
  wake_all();
}

}  // namespace thresher::sim
