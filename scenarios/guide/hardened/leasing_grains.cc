// One operation a lease; a failed operation is reported to recovery before the lease goes back, so
// that the next tenant's hand-out does not wait for what this one knows already.
#include "thresher/scenarios/guide/hardened/leasing_grains.h"

namespace thresher::scenarios::hardened {
namespace {

/// How long an operation waits for a slot: below the response timeout, so that the caller hears
/// `timeout` from here and not silence.
constexpr runtime::Duration acquire_timeout = std::chrono::seconds{20};

Values with_lease(const gpu::Lease& lease, const gpu::CallOptions& call, auto&& compute) {
  auto result = compute(*lease, lease.call(call));
  if (!result) {
    // The outcome is the pool's concern: it tends what comes back.
    static_cast<void>(lease->recover(result.error(), lease.call({})));
  }
  return result;
}

gpu::CallOptions bounded(const gpu::CallOptions& call, runtime::TimePoint now) {
  gpu::CallOptions acquire = call;
  acquire.deadline = runtime::deadline_after(now, acquire_timeout);
  return acquire;
}

}  // namespace

Values PooledComputeGrain::process(const ComputeInput& input, const gpu::CallOptions& call) {
  auto lease = pool_.acquire(bounded(call, scheduler().now()));
  if (!lease) return runtime::Unexpected{lease.error()};
  return with_lease(*lease, call, [&](gpu::Accelerator& on, const gpu::CallOptions& leased) {
    return execute_compute(on, input, leased);
  });
}

SmartComputeGrain::SmartComputeGrain(runtime::GrainContext& context, guide::Witness& witness,
                                     gpu::HybridAllocator& allocator)
    : HardenedGrain{context, witness},
      allocator_{allocator},
      priority_{context.id().key().starts_with("high") ? gpu::Priority::high
                                                       : gpu::Priority::normal} {}

runtime::Result<void> SmartComputeGrain::on_activate(runtime::CancellationToken token) {
  if (priority_ == gpu::Priority::normal) return {};
  auto lease = allocator_.acquire(
      priority_, {.token = token, .deadline = runtime::no_deadline, .authority = {}});
  if (!lease) return runtime::Unexpected{lease.error()};
  held_ = std::move(*lease);
  witness().exclusive_use(name(), held_->device().value, true);
  return {};
}

runtime::Result<void> SmartComputeGrain::on_deactivate(const runtime::DeactivationReason&,
                                                       runtime::CancellationToken) {
  if (held_.valid()) witness().exclusive_end(name());
  held_.release();
  return {};
}

Values SmartComputeGrain::process(const ComputeInput& input, const gpu::CallOptions& call) {
  const auto compute = [&](gpu::Accelerator& on, const gpu::CallOptions& leased) {
    return execute_compute(on, input, leased);
  };
  if (priority_ == gpu::Priority::high) {
    auto result = with_lease(held_, call, compute);
    if (!result && !held_->usable()) deactivate_on_idle();
    return result;
  }
  auto lease = allocator_.acquire(priority_, bounded(call, scheduler().now()));
  if (!lease) return runtime::Unexpected{lease.error()};
  return with_lease(*lease, call, compute);
}

}  // namespace thresher::scenarios::hardened
