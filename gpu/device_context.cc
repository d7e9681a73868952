// DeviceContext: the checks before the gate, and what lives and dies with a CUDA context.
//
// Called from any worker; only who holds the gate alone changes handle and epoch.
#include "thresher/gpu/device_context.h"

#include "thresher/gpu/accelerator_state.h"
#include "thresher/gpu/device_node.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <bit>
#include <mutex>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;
using runtime::TimePoint;

namespace {

using Guard = std::lock_guard<runtime::ShortLock>;
constexpr std::uint64_t pinned_bytes_min = 4096;

}  // namespace

DeviceContext::DeviceContext(DeviceNode& node, std::uint64_t id, const MemoryPoolOptions& options)
    : node_{node}, id_{id}, gate_{node.scheduler(), "context"}, pool_{options} {}

DeviceContext::~DeviceContext() { THRESHER_ASSERT(members_.empty()); }

Stamp DeviceContext::stamp() const noexcept {
  return Stamp{.device = node_.device(), .context = id_, .epoch = epoch()};
}

Result<void> DeviceContext::usable() const noexcept {
  if (node_.quarantined()) return fail(Errc::quarantined, node_.device().value);
  if (const auto sick = node_.condition().sickness()) return runtime::Unexpected{sick->error};
  if (const auto sick = condition_.sickness()) return runtime::Unexpected{sick->error};
  return {};
}

std::optional<ResetType> DeviceContext::required_level() const noexcept {
  std::optional<ResetType> level;
  if (const auto sick = node_.condition().sickness()) level = sick->required;
  if (const auto sick = condition_.sickness()) {
    level = std::max(level.value_or(ResetType::soft), sick->required);
  }
  return level;
}

Result<void> DeviceContext::check(const Stamp& stamp, const CallOptions& call) const noexcept {
  if (!call.authority.valid()) return fail(Errc::refused, id_);
  THRESHER_TRY_VOID(usable());
  if (stamp != this->stamp()) return fail(Errc::stale_handle, stamp.epoch);
  return {};
}

Result<Pass> DeviceContext::enter(const Stamp& stamp, const CallOptions& call) {
  THRESHER_TRY_VOID(check(stamp, call));
  THRESHER_TRY(shared, gate_.enter(call.token, call.deadline));
  // A reset may have run while this call waited.
  THRESHER_TRY_VOID(check(stamp, call));
  THRESHER_ASSERT(handle_);
  return Pass{node_, this, std::move(shared), call.deadline};
}

Pass DeviceContext::inside(TimePoint deadline) noexcept {
  return Pass{node_, this, Gate::Shared{}, deadline};
}

Result<void> DeviceContext::create(TimePoint deadline) {
  THRESHER_ASSERT(!handle_);
  Pass pass = inside(deadline);
  THRESHER_TRY(made, pass.blocking(DriverCall::context_create,
                                   [device = node_.device()](Driver& driver, ContextHandle) {
                                     return driver.context_create(device);
                                   }));
  THRESHER_ASSERT(made);
  handle_ = made;
  return {};
}

Result<void> DeviceContext::destroy(TimePoint deadline) {
  if (!handle_) return {};
  Pass pass = inside(deadline);
  const Result<void> gone =
      pass.blocking(DriverCall::context_destroy, [](Driver& driver, ContextHandle context) {
        return driver.context_destroy(context);
      });
  // A context that the driver does not know any more is as gone as one that it destroyed.
  if (!gone && gone.error().code != Errc::context_lost) return gone;
  return {};
}

std::uint64_t DeviceContext::forget() noexcept {
  const std::uint64_t lost = pool_.forget();
  modules_.forget();
  stranded_.clear();
  abandoned_streams_ = 0;
  events_ = std::make_shared<EventShelf>();
  pinned_ = std::make_shared<PinnedShelf>();
  handle_ = ContextHandle{};
  condition_.heal();
  const std::uint64_t next = epoch() + 1;
  epoch_.store(next, std::memory_order_release);
  node_.services().probe.event(
      {.kind = runtime::EventKind::epoch_changed, .subject = id_, .a = next, .text = "context"});
  return lost;
}

void DeviceContext::note(Status status, std::uint64_t epoch) noexcept {
  if (status.ok() || epoch != this->epoch()) return;
  const runtime::Error error = to_error(status, node_.device().value);
  switch (classify(status.code)) {
    case ErrorClass::none:
    case ErrorClass::capacity:
    case ErrorClass::caller_bug:
    case ErrorClass::unavailable: return;
    case ErrorClass::context_lost: condition_.worsen(error, ResetType::hard); return;
    case ErrorClass::process_lost:
    case ErrorClass::device_lost: node_.condition().worsen(error, ResetType::full); return;
  }
}

void DeviceContext::lose(DriverCall which) noexcept {
  condition_.worsen(runtime::make_error(Errc::process_lost, node_.device().value),
                    ResetType::full);
  runtime::Probe& probe = node_.services().probe;
  if (probe.logs(runtime::LogLevel::error)) {
    probe.log(runtime::LogLevel::error, "gpu.context",
              std::string{name(which)} + " did not come back: only a Full reset helps");
  }
}

Result<EventHandle> DeviceContext::take_event(Pass& pass) {
  if (const auto free = events_->take()) return *free;
  return pass.prompt(DriverCall::event_create, [](Driver& driver, ContextHandle context) {
    return driver.event_create(context);
  });
}

Result<PinnedBlock> DeviceContext::take_pinned(Pass& pass, std::uint64_t bytes) {
  THRESHER_ASSERT(bytes >= 1);
  while (std::byte* const excess = pinned_->take_excess()) {
    THRESHER_TRY_VOID(pass.blocking(DriverCall::host_free,
                                    [excess](Driver& driver, ContextHandle context) {
                                      return driver.host_free(context, excess);
                                    }));
  }
  const std::uint64_t size = std::bit_ceil(std::max(bytes, pinned_bytes_min));
  if (std::byte* const free = pinned_->take(size)) return PinnedBlock{pinned_, free, size};
  THRESHER_TRY(fresh, pass.blocking(DriverCall::host_allocate,
                                    [size](Driver& driver, ContextHandle context) {
                                      return driver.host_allocate(context, size);
                                    }));
  THRESHER_ASSERT(fresh != nullptr);
  return PinnedBlock{pinned_, fresh, size};
}

void DeviceContext::strand(PinnedBlock staging) {
  const Guard guard{members_lock_};
  stranded_.push_back(std::move(staging));
}

void DeviceContext::join(AcceleratorState& member) {
  const Guard guard{members_lock_};
  THRESHER_ASSERT(std::ranges::find(members_, &member) == members_.end());
  members_.push_back(&member);
}

void DeviceContext::part(AcceleratorState& member) noexcept {
  const Guard guard{members_lock_};
  std::erase(members_, &member);
}

std::vector<AcceleratorState*> DeviceContext::members() const {
  const Guard guard{members_lock_};
  return members_;
}

Result<DevicePointer> PassSource::allocate(std::uint64_t bytes) {
  return pass_.blocking(DriverCall::memory_allocate,
                        [bytes](Driver& driver, ContextHandle context) {
                          return driver.memory_allocate(context, bytes);
                        });
}

Result<void> PassSource::release(DevicePointer at) {
  return pass_.blocking(DriverCall::memory_free, [at](Driver& driver, ContextHandle context) {
    return driver.memory_free(context, at);
  });
}

Result<bool> PassSource::passed(EventHandle event) {
  return pass_.query(DriverCall::event_query, [event](Driver& driver, ContextHandle context) {
    return driver.event_query(context, event);
  });
}

}  // namespace thresher::gpu
