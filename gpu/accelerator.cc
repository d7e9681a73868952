// Accelerator: its life, its identity and its streams. Memory, kernels and resets have files of
// their own.
#include "thresher/gpu/accelerator.h"

#include "thresher/gpu/accelerator_access.h"
#include "thresher/gpu/canary.h"
#include "thresher/gpu/reset_run.h"
#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;
using runtime::TimePoint;

Accelerator::Accelerator(std::unique_ptr<AcceleratorState> state) : state_{std::move(state)} {
  THRESHER_ASSERT(state_ != nullptr);
}

Accelerator::~Accelerator() {
  if (state_->disposed) return;
  DeviceNode& node = state_->node();
  if (node.scheduler().unwinding()) {
    state_->context->part(*state_);
    return;
  }
  node.services().probe.log(runtime::LogLevel::warning, "gpu.accelerator",
                            "dropped without dispose: its node cleans up");
  node.adopt(std::move(state_));
}

AcceleratorId Accelerator::id() const noexcept { return state_->id; }

runtime::Services& Accelerator::services() const noexcept { return state_->node().services(); }

DeviceOrdinal Accelerator::device() const noexcept { return state_->node().device(); }

const std::string& Accelerator::device_name() const noexcept {
  return state_->node().properties().name;
}

Stamp Accelerator::stamp() const noexcept { return state_->context->stamp(); }

Result<void> Accelerator::usable() const noexcept {
  if (state_->closed) return fail(*state_->closed, state_->id.value);
  return state_->context->usable();
}

bool Accelerator::closed() const noexcept { return state_->closed.has_value(); }

MemoryPoolStatistics Accelerator::memory() const noexcept {
  return state_->context->pool().statistics();
}

std::uint64_t Accelerator::quarantined_bytes() const noexcept {
  return memory().quarantined_bytes;
}

Result<DeviceInfo> Accelerator::info(const CallOptions& call) {
  THRESHER_TRY(pass, enter(*state_, call));
  THRESHER_TRY(memory, pass.prompt(DriverCall::memory_info,
                                   [](Driver& driver, ContextHandle context) {
                                     return driver.memory_info(context);
                                   }));
  const DeviceProperties& properties = state_->node().properties();
  return DeviceInfo{.device_id = device(),
                    .device_name = properties.name,
                    .backend_type = AcceleratorKind::cuda,
                    .total_memory = memory.total_bytes,
                    .available_memory = memory.free_bytes + this->memory().cached_bytes,
                    .compute_major = properties.compute_major,
                    .compute_minor = properties.compute_minor};
}

Result<void> Accelerator::synchronize(const CallOptions& call, std::uint32_t stream) {
  THRESHER_TRY(pass, enter(*state_, call));
  if (stream >= state_->streams.size()) return fail(Errc::invalid_argument, stream);
  const std::uint64_t epoch = pass.epoch();
  THRESHER_TRY(completion, mark(*state_, pass, state_->streams[stream]));
  pass.leave();
  return wait_for(*state_, *completion, epoch, call);
}

Result<void> Accelerator::dispose(const CallOptions& call) {
  const Result<void> outcome = tear_down(*state_, call);
  if (!outcome && services().probe.logs(runtime::LogLevel::warning)) {
    services().probe.log(runtime::LogLevel::warning, "gpu.accelerator",
                         "dispose failed: " + runtime::describe(outcome.error()));
  }
  return outcome;
}

Result<ResetResult> Accelerator::reset(const ResetOptions& options, const CallOptions& call) {
  return ResetRun{*state_, options, call}.run();
}

Result<RecoveryResult> Accelerator::recover(const runtime::Error& error, const CallOptions& call,
                                            ResetType at_least) {
  if (!call.authority.valid()) return fail(Errc::refused, state_->id.value);
  if (state_->closed) return fail(*state_->closed, state_->id.value);
  return recover_from({.error = error, .stamp = stamp(), .at_least = at_least}, call);
}

Result<RecoveryResult> Accelerator::recover_from(const FailureReport& failure,
                                                 const CallOptions& call) {
  return state_->node().recovery().report(shared_from_this(), failure, call);
}

Result<ResetResult> Accelerator::reset_for_recovery(ResetType level, TimePoint deadline) {
  ResetOptions options = recovery_preset(level);
  options.timeout = deadline - state_->node().scheduler().now();
  if (options.timeout < runtime::Duration::zero()) return fail(Errc::timeout);
  return ResetRun{*state_, options, CallOptions::until(deadline)}.run();
}

Result<void> Accelerator::run_canary(TimePoint deadline) {
  return compute_canary(*this, state_->node().seams().faults, deadline);
}

ResetType Accelerator::required_level() const noexcept {
  return state_->context->required_level().value_or(ResetType::soft);
}

void Accelerator::quarantine_device() noexcept { state_->node().quarantine(); }

}  // namespace thresher::gpu
