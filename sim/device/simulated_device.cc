// Carries out finished work and keeps the device's health. Bodies and copies run here, at the end
// of their time, in the order of the timeline.
#include "thresher/sim/device/simulated_device.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"
#include "thresher/sim/device/kernel_view.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace thresher::sim {

using gpu::DriverResult;
using gpu::Status;
using runtime::TimePoint;

namespace {

/// Devices lie far apart, so that a pointer of one is never a pointer of another.
constexpr std::uint64_t first_address = 0x7000'0000'0000;
constexpr std::uint64_t device_stride = 0x0100'0000'0000;

MemoryLimits limits_of(gpu::DeviceOrdinal ordinal, const DeviceProfile& profile) {
  MemoryLimits limits;
  limits.base = first_address + ordinal.value * device_stride;
  limits.capacity_bytes =
      profile.properties.memory_bytes / AddressSpace::page_bytes * AddressSpace::page_bytes;
  THRESHER_ASSERT(limits.capacity_bytes <= device_stride);
  return limits;
}

std::string_view name(WorkKind kind) noexcept {
  switch (kind) {
    case WorkKind::kernel: return "kernel";
    case WorkKind::copy_to_device: return "copy to device";
    case WorkKind::copy_to_host: return "copy to host";
    case WorkKind::copy_on_device: return "copy on device";
    case WorkKind::memory_set: return "memory set";
    case WorkKind::record: return "event record";
    case WorkKind::wait: return "event wait";
  }
  THRESHER_UNREACHABLE();
}

void flip_bit(std::span<std::byte> bytes, std::uint64_t choice) {
  THRESHER_ASSERT(!bytes.empty());
  const std::uint64_t bit = runtime::scale(runtime::mix(choice), bytes.size() * 8);
  bytes[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
}

}  // namespace

SimulatedDevice::SimulatedDevice(gpu::DeviceOrdinal ordinal, DeviceProfile profile)
    : ordinal_{ordinal},
      profile_{std::move(profile)},
      memory_{limits_of(ordinal, profile_)},
      timeline_{TimelineShape{.copy_engines = profile_.copy_engines,
                              .kernels_per_context = profile_.kernels_per_context},
                *this} {}

bool SimulatedDevice::add_context(DeviceContextId id, DriverProcessId process,
                                  ContextListener& listener) {
  THRESHER_ASSERT(!contexts_.contains(id));
  THRESHER_ASSERT(health_ == DeviceHealth::healthy);
  if (profile_.context_bytes > 0 && !memory_.allocate(id, profile_.context_bytes)) return false;
  contexts_.emplace(id, Context{.process = process, .listener = &listener});
  return true;
}

void SimulatedDevice::remove_context(DeviceContextId id) {
  const auto erased = contexts_.erase(id);
  THRESHER_ASSERT(erased == 1);
  timeline_.drop(id);
  memory_.release_all(id);
}

void SimulatedDevice::abort_work(DeviceContextId id) {
  THRESHER_ASSERT(contexts_.contains(id));
  timeline_.drop(id);
}

void SimulatedDevice::remove_process(DriverProcessId process) {
  THRESHER_ASSERT(process.value != 0);
  std::vector<DeviceContextId> gone;
  for (auto& [id, context] : contexts_) {
    if (context.process != process) continue;
    context.listener = nullptr;
    if (timeline_.stuck(id) != StuckUntil::never) gone.push_back(id);
  }
  for (const DeviceContextId id : gone) remove_context(id);
}

Status SimulatedDevice::availability() const noexcept {
  THRESHER_ASSERT(health_ == DeviceHealth::healthy || !illness_.ok());
  return health_ == DeviceHealth::healthy ? Status{} : illness_;
}

void SimulatedDevice::break_down(DeviceHealth health, Status status, TimePoint now) {
  THRESHER_ASSERT(!status.ok());
  health_ = health;
  illness_ = status;
  std::vector<DeviceContextId> ids;
  for (const auto& [id, context] : contexts_) ids.push_back(id);
  for (const DeviceContextId id : ids) lose_context(id, status, now);
}

void SimulatedDevice::repair(TimePoint now) {
  timeline_.advance(now);
  health_ = DeviceHealth::healthy;
  illness_ = Status{};
  memory_.mend();
  memory_.limit_fill(std::nullopt);
  std::vector<DeviceContextId> zombies;
  for (const auto& [id, context] : contexts_) {
    if (context.listener == nullptr) zombies.push_back(id);
  }
  for (const DeviceContextId id : zombies) remove_context(id);
  THRESHER_ASSERT(zombie_count() == 0);
}

void SimulatedDevice::lose_context(DeviceContextId id, Status status, TimePoint now) {
  THRESHER_ASSERT(!status.ok());
  if (!contexts_.contains(id)) return;
  fail(FaultReport{.at = now,
                   .context = id,
                   .status = status,
                   .work = "the device",
                   .detail = ""});
}

std::uint64_t SimulatedDevice::zombie_count() const noexcept {
  return static_cast<std::uint64_t>(
      std::count_if(contexts_.begin(), contexts_.end(),
                    [](const auto& entry) { return entry.second.listener == nullptr; }));
}

void SimulatedDevice::finish(DeviceContextId context, Work& work, TimePoint at) {
  if (work.fault.result != DriverResult::success) {
    const std::string_view name_of_work =
        work.kernel.function != nullptr ? work.kernel.function->name : name(work.kind);
    return fail(FaultReport{.at = at,
                            .context = context,
                            .status = {.code = work.fault.result, .injected = true},
                            .work = std::string{name_of_work},
                            .detail = ""});
  }
  switch (work.kind) {
    case WorkKind::kernel: return run_kernel(context, work, at);
    case WorkKind::copy_to_device:
    case WorkKind::copy_to_host:
    case WorkKind::copy_on_device:
    case WorkKind::memory_set: return run_copy(context, work, at);
    case WorkKind::record:
    case WorkKind::wait: return;
  }
  THRESHER_UNREACHABLE();
}

void SimulatedDevice::run_kernel(DeviceContextId context, Work& work, TimePoint at) {
  THRESHER_ASSERT(work.kernel.function != nullptr && work.kernel.function->body != nullptr);
  KernelView view{memory_, context};
  gpu::HostKernelRun run{.grid = work.kernel.grid,
                         .block = work.kernel.block,
                         .arguments = work.kernel.arguments,
                         .memory = view};
  DriverResult code = work.kernel.function->body(run);
  // A body that overlooks a bad access has still made one.
  if (code == DriverResult::success) code = view.fault();
  if (work.fault.corrupt) view.corrupt(work.sequence);
  if (code == DriverResult::success) return;
  fail(FaultReport{.at = at,
                   .context = context,
                   .status = {.code = code, .injected = false},
                   .work = std::string{work.kernel.function->name},
                   .detail = view.detail()});
}

void SimulatedDevice::run_copy(DeviceContextId context, Work& work, TimePoint at) {
  THRESHER_ASSERT(work.bytes > 0);
  KernelView view{memory_, context};
  std::span<std::byte> written;
  if (work.kind == WorkKind::copy_to_host) {
    const auto from = view.access(work.from, work.bytes, 1);
    if (!from.empty()) std::memcpy(work.host_to.data(), from.data(), from.size());
    written = from.empty() ? from : work.host_to;
  } else if (work.kind == WorkKind::copy_on_device) {
    const auto from = view.access(work.from, work.bytes, 1);
    written = view.access(work.to, work.bytes, 1);
    if (!from.empty() && !written.empty()) std::memmove(written.data(), from.data(), from.size());
  } else {
    written = view.access(work.to, work.bytes, 1);
    if (written.empty()) {
    } else if (work.kind == WorkKind::memory_set) {
      std::memset(written.data(), std::to_integer<int>(work.value), written.size());
    } else {
      std::memcpy(written.data(), work.host_from.data(), written.size());
    }
  }
  if (work.fault.corrupt && !written.empty()) flip_bit(written, work.sequence);
  if (work.kind == WorkKind::copy_to_host && tap_ != nullptr) tap_->copied_to_host(written);
  if (view.fault() == DriverResult::success) return;
  fail(FaultReport{.at = at,
                   .context = context,
                   .status = {.code = view.fault(), .injected = false},
                   .work = std::string{name(work.kind)},
                   .detail = view.detail()});
}

void SimulatedDevice::fail(FaultReport report) {
  const auto found = contexts_.find(report.context);
  THRESHER_ASSERT(found != contexts_.end());
  const DeviceContextId context = report.context;
  const Status status = report.status;
  ContextListener* listener = found->second.listener;
  last_fault_ = std::move(report);
  if (status.code == DriverResult::ecc_uncorrectable && !profile_.contains_errors) {
    health_ = DeviceHealth::needs_reset;
    illness_ = status;
  }
  // Nothing that the context queued behind the failed work runs any more.
  if (gpu::result_row(status.code).stickiness != gpu::Stickiness::none) timeline_.drop(context);
  if (listener != nullptr) listener->context_failed(context, status);
}

}  // namespace thresher::sim
