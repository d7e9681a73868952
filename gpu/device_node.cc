// DeviceNode: starting the driver process, making contexts, cleaning up after the careless.
//
// Lock order: full gate, node gate, context gates by id; short locks are held over nothing.
#include "thresher/gpu/device_node.h"

#include "thresher/gpu/accelerator_state.h"
#include "thresher/gpu/replace_process.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;
using runtime::TimePoint;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

DeviceNode::DeviceNode(const NodeSeams& seams, DeviceOrdinal device)
    : seams_{seams},
      device_{device},
      gate_{seams.services.scheduler, "device"},
      full_gate_{seams.services.scheduler, "full reset"},
      hub_{seams.services.scheduler},
      recovery_{seams.services, device, seams.options.recovery} {}

DeviceNode::~DeviceNode() {
  // The orphans' context members go with them; the driver process ends with its host.
  for (const auto& orphan : orphans_) orphan->context->part(*orphan);
}

Result<void> DeviceNode::start_process(TimePoint deadline) {
  THRESHER_ASSERT(!running());
  THRESHER_TRY(process, seams_.host.start(device_, deadline));
  THRESHER_ASSERT(process.driver != nullptr);
  THRESHER_ASSERT(process.incarnation > last_incarnation_ || !seams_.host.isolated());
  last_incarnation_ = process.incarnation;
  process_ = process;
  Pass pass{*this, nullptr, Gate::Shared{}, deadline};
  Result<DeviceProperties> properties =
      pass.prompt(DriverCall::device_properties, [this](Driver& driver, ContextHandle) {
        return driver.device_properties(device_);
      });
  if (!properties) {
    condition_.worsen(properties.error(), ResetType::full);
    return runtime::Unexpected{properties.error()};
  }
  properties_ = std::move(*properties);
  return {};
}

Result<void> DeviceNode::kill_process(TimePoint deadline) {
  if (!running()) return {};
  return seams_.host.kill(device_, process_.incarnation, deadline);
}

Result<void> DeviceNode::ensure_running(const CallOptions& call) {
  {
    THRESHER_TRY(shared, gate_.enter(call.token, call.deadline));
    if (running() && !condition_.sickness()) return {};
  }
  const runtime::Duration patience = seams_.options.recovery.full_timeout;
  const TimePoint deadline =
      std::min(call.deadline, runtime::deadline_after(scheduler().now(), patience));
  // A poisoned process has nothing left to lose; its accelerators learn it by their epochs.
  Gate::Alone full{full_gate_};
  THRESHER_TRY_VOID(full.acquire(call.token, deadline));
  if (running() && condition_.sickness()) {
    THRESHER_TRY(replaced, replace_process(*this, nullptr, deadline));
    static_cast<void>(replaced);
    return {};
  }
  Gate::Alone alone{gate_};
  THRESHER_TRY_VOID(alone.acquire(call.token, deadline));
  if (running()) return {};
  THRESHER_TRY_VOID(start_process(deadline));
  condition_.heal();
  // Contexts of the process before were forgotten by a Full that then found no process to start:
  // their accelerators make them anew by a Hard reset.
  for (const auto& context : contexts()) {
    if (context->handle()) continue;
    context->condition().worsen(runtime::make_error(Errc::context_lost, device_.value),
                                ResetType::hard);
  }
  return {};
}

std::shared_ptr<DeviceContext> DeviceNode::shared_context() const {
  if (!seams_.options.shared_context) return nullptr;
  // One that was taken down and not made again belongs to closed accelerators alone.
  for (auto& context : contexts()) {
    if (context->handle()) return context;
  }
  return nullptr;
}

Result<std::shared_ptr<DeviceContext>> DeviceNode::make_context(const CallOptions& call) {
  // Behind the gate, so that no Full runs between making it and making it known.
  THRESHER_TRY(inside, gate_.enter(call.token, call.deadline));
  if (!running()) return fail(Errc::process_lost, device_.value);
  if (auto existing = shared_context()) return existing;
  std::uint64_t id = 0;
  {
    const Guard guard{lock_};
    id = ++last_context_;
  }
  auto context = std::make_shared<DeviceContext>(*this, id, seams_.options.memory_pool);
  THRESHER_TRY_VOID(context->create(call.deadline));
  const Guard guard{lock_};
  std::erase_if(contexts_, [](const auto& each) { return each.expired(); });
  contexts_.push_back(context);
  return context;
}

Result<std::shared_ptr<Accelerator>> DeviceNode::create(AcceleratorId id,
                                                        const CallOptions& call) {
  if (!call.authority.valid()) return fail(Errc::refused, id.value);
  if (quarantined()) return fail(Errc::quarantined, device_.value);
  sweep(call);
  THRESHER_TRY_VOID(ensure_running(call));
  THRESHER_TRY(context, make_context(call));
  auto state = std::make_unique<AcceleratorState>(context, id);
  Result<void> made;
  {
    Result<Pass> pass = context->enter(context->stamp(), call);
    if (pass) {
      context->join(*state);
      count_accelerator(1);
      made = make_streams(*state, *pass);
    } else {
      made = runtime::Unexpected{pass.error()};
      state->disposed = true;
    }
  }
  if (!made) {
    // The first error is the caller's; what is left goes with the context or the process.
    if (!state->disposed) {
      const CallOptions cleanup = CallOptions::until(runtime::deadline_after(
          scheduler().now(), seams_.options.accelerator.blocking_call_timeout));
      static_cast<void>(tear_down(*state, cleanup).has_value());
      if (!state->disposed) adopt(std::move(state));
    }
    return runtime::Unexpected{made.error()};
  }
  return std::make_shared<Accelerator>(std::move(state));
}

void DeviceNode::sweep(const CallOptions& call) {
  std::vector<std::unique_ptr<AcceleratorState>> orphans;
  {
    const Guard guard{lock_};
    orphans.swap(orphans_);
  }
  for (auto& orphan : orphans) {
    static_cast<void>(tear_down(*orphan, call).has_value());
    if (!orphan->disposed) adopt(std::move(orphan));
  }
}

void DeviceNode::adopt(std::unique_ptr<AcceleratorState> orphan) noexcept {
  if (!orphan->closed) orphan->closed = Errc::closed;
  const Guard guard{lock_};
  orphans_.push_back(std::move(orphan));
}

std::vector<std::shared_ptr<DeviceContext>> DeviceNode::contexts() const {
  const Guard guard{lock_};
  std::vector<std::shared_ptr<DeviceContext>> living;
  for (const auto& each : contexts_) {
    if (auto context = each.lock()) living.push_back(std::move(context));
  }
  return living;
}

void DeviceNode::quarantine() noexcept {
  if (quarantined_.exchange(true, std::memory_order_acq_rel)) return;
  services().probe.log(runtime::LogLevel::critical, "gpu.device", "device quarantined");
}

void DeviceNode::readmit() noexcept {
  quarantined_.store(false, std::memory_order_release);
  condition_.worsen(runtime::make_error(Errc::process_lost, device_.value), ResetType::full);
}

void DeviceNode::count_accelerator(int change) noexcept {
  const auto before = accelerators_.fetch_add(static_cast<std::uint32_t>(change));
  THRESHER_ASSERT(change > 0 || before > 0);
}

}  // namespace thresher::gpu
