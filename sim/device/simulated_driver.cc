// Devices and contexts of the simulated driver, and the process's end. Memory, streams and kernels
// are in the files of those names beside this one.
#include "thresher/sim/device/simulated_driver.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/call_entry.h"
#include "thresher/sim/device/driver_core.h"

namespace thresher::sim {

using gpu::Answer;
using gpu::ContextHandle;
using gpu::DeviceOrdinal;
using gpu::DriverCall;
using gpu::DriverResult;
using gpu::Status;

SimulatedDriver::SimulatedDriver(runtime::Scheduler& scheduler, SimulatedMachine& machine,
                                 const DriverOptions& options)
    : core_{std::make_shared<DriverCore>(scheduler, machine, options)} {}

SimulatedDriver::~SimulatedDriver() { core_->end(false); }

void SimulatedDriver::end_process() { core_->end(true); }

bool SimulatedDriver::ended() const noexcept {
  const std::lock_guard guard{core_->machine().lock()};
  return core_->closed();
}

void SimulatedDriver::arm(const WorkFault& fault) {
  THRESHER_ASSERT(fault.any());
  const std::lock_guard guard{core_->machine().lock()};
  core_->arm(fault);
}

void SimulatedDriver::disarm() {
  const std::lock_guard guard{core_->machine().lock()};
  core_->take_armed();
}

bool SimulatedDriver::lose_context(ContextHandle handle, Status status) {
  THRESHER_ASSERT(!status.ok());
  const std::lock_guard guard{core_->machine().lock()};
  const ContextState* context = core_->find(handle);
  if (context == nullptr) return false;
  const runtime::TimePoint now = core_->scheduler().now();
  core_->machine().advance(now);
  core_->machine().device(context->device).lose_context(context->id, status, now);
  return true;
}

SimulatedMachine& SimulatedDriver::machine() noexcept { return core_->machine(); }

Answer<std::uint32_t> SimulatedDriver::device_count() {
  const CallEntry entry{core_, DriverCall::device_count};
  // Devices are counted whatever became of the process's contexts.
  if (entry.status().code == DriverResult::process_gone) {
    return runtime::Unexpected{entry.status()};
  }
  return core_->machine().device_count();
}

Answer<gpu::DeviceProperties> SimulatedDriver::device_properties(DeviceOrdinal device) {
  const CallEntry entry{core_, DriverCall::device_properties};
  if (entry.status().code == DriverResult::process_gone) {
    return runtime::Unexpected{entry.status()};
  }
  if (device.value >= core_->machine().device_count()) {
    return gpu::refuse(DriverResult::invalid_device);
  }
  return core_->machine().device(device).profile().properties;
}

Answer<ContextHandle> SimulatedDriver::context_create(DeviceOrdinal device) {
  const CallEntry entry{core_, DriverCall::context_create};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  if (device.value >= core_->machine().device_count()) {
    return gpu::refuse(DriverResult::invalid_device);
  }
  return core_->open_context(device);
}

Status SimulatedDriver::context_destroy(ContextHandle context) {
  CallEntry entry{core_, DriverCall::context_destroy, context};
  return destroy(entry, context);
}

Status SimulatedDriver::destroy(CallEntry& entry, ContextHandle handle) {
  // A context with an error of its own is destroyed like any other: that is how it is recovered.
  DriverCore& core = entry.core();
  const ContextState* context = entry.entered() ? core.find(handle) : nullptr;
  const bool own_error = context != nullptr && core.process_status().ok();
  if (entry.refused() && !own_error) return entry.status();
  if (entry.refused() && context->sticky.ok()) entry.overlook();
  if (!entry.refused()) {
    const auto stuck = entry.timeline().stuck(entry.context().id);
    auto policy = core.options().destroy_policy;
    if (stuck == StuckUntil::context_destroyed) policy = DestroyPolicy::kills;
    if (stuck == StuckUntil::never) policy = DestroyPolicy::waits;
    const runtime::TimePoint give_up =
        policy == DestroyPolicy::waits   ? runtime::no_deadline
        : policy == DestroyPolicy::kills ? entry.now()
                                         : entry.now() + core.options().destroy_patience;
    const Status waited = entry.wait_for_context(give_up);
    if (!core.process_status().ok() || core.find(handle) == nullptr) return waited;
  }
  core.close_context(handle);
  return {};
}

Answer<ContextHandle> SimulatedDriver::primary_context_retain(DeviceOrdinal device) {
  CallEntry entry{core_, DriverCall::primary_context_retain};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  if (device.value >= core_->machine().device_count()) {
    return gpu::refuse(DriverResult::invalid_device);
  }
  if (!core_->primaries().contains(device)) {
    const auto& profile = core_->machine().device(device).profile();
    entry.spend(profile.host_cost(DriverCall::context_create));
    if (entry.refused()) return runtime::Unexpected{entry.status()};
  }
  THRESHER_ASSERT(!entry.refused());
  // Looked up again: while this call made the context's time pass, another may have made it.
  if (!core_->primaries().contains(device)) {
    const auto made = core_->open_context(device);
    if (!made) return made;
    core_->primaries()[device].context = *made;
  }
  PrimaryState& primary = core_->primaries()[device];
  ++primary.references;
  THRESHER_ASSERT(primary.context.value != 0);
  return primary.context;
}

Status SimulatedDriver::primary_context_release(DeviceOrdinal device) {
  CallEntry entry{core_, DriverCall::primary_context_release};
  if (entry.refused()) return entry.status();
  const auto primary = core_->primaries().find(device);
  if (primary == core_->primaries().end()) return entry.refuse(DriverResult::invalid_context);
  THRESHER_ASSERT(primary->second.references > 0);
  if (--primary->second.references > 0) return {};
  const ContextHandle context = primary->second.context;
  core_->primaries().erase(primary);
  entry.unlock();
  CallEntry destroying{core_, DriverCall::context_destroy, context};
  return destroy(destroying, context);
}

Status SimulatedDriver::primary_context_reset(DeviceOrdinal device) {
  ContextHandle context;
  {
    CallEntry entry{core_, DriverCall::primary_context_reset};
    if (entry.refused()) return entry.status();
    if (device.value >= core_->machine().device_count()) {
      return entry.refuse(DriverResult::invalid_device);
    }
    const auto primary = core_->primaries().find(device);
    if (primary == core_->primaries().end()) return {};
    context = primary->second.context;
  }
  CallEntry destroying{core_, DriverCall::context_destroy, context};
  return destroy(destroying, context);
}

Status SimulatedDriver::context_synchronize(ContextHandle context) {
  CallEntry entry{core_, DriverCall::context_synchronize, context};
  if (entry.refused()) return entry.status();
  return entry.wait_for_context();
}

}  // namespace thresher::sim
