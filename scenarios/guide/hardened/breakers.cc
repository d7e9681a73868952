// The probe of a breaker: a fresh accelerator on the device, its recovery and canary.
//
// Creating an accelerator starts the device's process when none runs; `recover` with context_lost
// asks for at least a Hard reset, as the guide's aggressive attempt does.
#include "thresher/scenarios/guide/hardened/breakers.h"

#include "thresher/runtime/base/assert.h"

#include <chrono>

namespace thresher::scenarios::hardened {
namespace {

runtime::Result<void> probe_device(gpu::AcceleratorFactory& factory, gpu::DeviceOrdinal device) {
  const auto deadline =
      runtime::deadline_after(factory.services().scheduler.now(), std::chrono::seconds{60});
  const auto call = gpu::CallOptions::until(deadline);
  auto created = factory.create(gpu::AcceleratorKind::cuda, device, call);
  if (!created) return runtime::Unexpected{created.error()};
  const auto accelerator = std::move(*created);
  auto passed = accelerator->run_canary(deadline);
  if (!passed) {
    const auto recovered = accelerator->recover(passed.error(), call);
    const bool healthy = recovered && recovered->outcome == gpu::RecoveryOutcome::healthy;
    passed = healthy ? accelerator->run_canary(deadline)
                     : runtime::Result<void>{runtime::Unexpected{passed.error()}};
  }
  static_cast<void>(accelerator->dispose(call));
  return passed;
}

}  // namespace

Breakers::Breakers(gpu::AcceleratorFactory& factory, gpu::BreakerOptions options) {
  const auto count = factory.device_count();
  THRESHER_ASSERT(count.has_value());
  for (std::uint32_t i = 0; i < *count; ++i) {
    const gpu::DeviceOrdinal device{i};
    breakers_.push_back(std::make_unique<gpu::CircuitBreaker>(
        factory.services(), device, options,
        [&factory, device] { return probe_device(factory, device); }));
  }
}

gpu::CircuitBreaker& Breakers::of(gpu::DeviceOrdinal device) {
  THRESHER_ASSERT(device.value < breakers_.size());
  return *breakers_[device.value];
}

bool Breakers::any_open() const noexcept {
  for (const auto& breaker : breakers_) {
    if (breaker->state() != gpu::BreakerState::closed) return true;
  }
  return false;
}

}  // namespace thresher::scenarios::hardened
