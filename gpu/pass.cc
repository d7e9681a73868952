// Pass: the checks, records and deadlines around every driver call.
//
// The record of a call is made after its answer and before anybody acts on it.
#include "thresher/gpu/pass.h"

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/device_context.h"
#include "thresher/gpu/device_node.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

Pass::Pass(DeviceNode& node, DeviceContext* context, Gate::Shared shared,
           runtime::TimePoint deadline) noexcept
    : node_{&node},
      context_{context},
      driver_{node.driver()},
      handle_{context != nullptr ? context->handle() : ContextHandle{}},
      epoch_{context != nullptr ? context->epoch() : 0},
      shared_{std::move(shared)},
      deadline_{deadline} {
  THRESHER_ASSERT(driver_ != nullptr);
}

void Pass::check_current() const noexcept {
  THRESHER_ASSERT(driver_ == node_->driver());
  THRESHER_ASSERT(context_ == nullptr || context_->epoch() == epoch_);
}

void Pass::record(DriverCall which, Status status) const noexcept {
  node_->services().probe.event({.kind = runtime::EventKind::driver_call,
                                 .subject = node_->device().value,
                                 .a = static_cast<std::uint64_t>(which),
                                 .b = static_cast<std::uint64_t>(status.code),
                                 .text = name(which).data()});
}

Result<void> Pass::settle(DriverCall which, Status status) {
  record(which, status);
  if (status.ok()) return {};
  if (context_ != nullptr) {
    context_->note(status, epoch_);
  } else if (classify(status.code) == ErrorClass::process_lost) {
    node_->condition().worsen(to_error(status, node_->device().value), ResetType::full);
  }
  return runtime::Unexpected{to_error(status, node_->device().value)};
}

Result<void> Pass::run_blocking(DriverCall which, runtime::Task body) {
  const AcceleratorOptions& options = node_->seams().options.accelerator;
  runtime::Scheduler& scheduler = node_->scheduler();
  const runtime::TimePoint now = scheduler.now();
  const runtime::TimePoint patience = runtime::deadline_after(now, options.blocking_call_timeout);
  const runtime::TimePoint grace = runtime::deadline_after(now, options.blocking_call_grace);
  const Result<void> ran = scheduler.run_blocking(
      name(which).data(), std::move(body), std::min(patience, std::max(deadline_, grace)));
  if (ran) return {};
  if (context_ != nullptr) context_->lose(which);
  if (ran.error().code == Errc::timeout) return fail(Errc::timeout, node_->device().value);
  return fail(Errc::process_lost, node_->device().value);
}

}  // namespace thresher::gpu
