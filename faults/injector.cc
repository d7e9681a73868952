// Matching, counting and the memory of what stays. The lock is released before a saboteur is
// called, since that takes the machine's lock.
#include "thresher/faults/injector.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

namespace thresher::faults {

using gpu::DriverCall;
using gpu::DriverResult;
using gpu::Status;

namespace {

/// How long an effect is felt; `call` when it leaves nothing behind.
Until lasting(const Effect& effect) {
  switch (effect.kind) {
    case FaultKind::result: return effect.until;
    case FaultKind::kernel_stuck:
      return effect.duration.count() > 0 ? Until::call : effect.until;
    case FaultKind::launch_failed:
    case FaultKind::illegal_address:
    case FaultKind::misaligned_address:
    case FaultKind::ecc_uncorrectable:
    case FaultKind::nvlink_uncorrectable:
    case FaultKind::worker_dies: return Until::process_replaced;
    case FaultKind::device_assert:
    case FaultKind::context_lost: return Until::context_destroyed;
    case FaultKind::fallen_off_bus:
    case FaultKind::memory_filled:
    case FaultKind::memory_fragmented:
    case FaultKind::device_missing: return Until::never;
    case FaultKind::delay:
    case FaultKind::kernel_slow:
    case FaultKind::copy_slow:
    case FaultKind::corrupted_result:
    case FaultKind::corrupted_copy:
    case FaultKind::no_success:
    case FaultKind::error:
    case FaultKind::hang:
    case FaultKind::false_success:
    case FaultKind::storage_fails_before:
    case FaultKind::storage_fails_after:
    case FaultKind::storage_conflict:
    case FaultKind::storage_slow: return Until::call;
  }
  THRESHER_UNREACHABLE();
}

std::string lane_of(const Passing& passing) {
  switch (passing.kind) {
    case PointKind::storage: return "fault/storage";
    case PointKind::call:
    case PointKind::reset:
    case PointKind::canary:
    case PointKind::start:
      return passing.device ? "fault/device" + std::to_string(passing.device->value)
                            : "fault/driver";
  }
  THRESHER_UNREACHABLE();
}

bool ends_contexts(DriverCall call) {
  return call == DriverCall::context_destroy || call == DriverCall::primary_context_reset ||
         call == DriverCall::primary_context_release;
}

runtime::Unexpected<PlanError> refusal(std::size_t rule, const std::string& why) {
  return runtime::Unexpected{
      PlanError{"$.rules[" + std::to_string(rule) + "].effect: " + why}};
}

}  // namespace

Injector::Injector(Plan plan, const InjectorParts& parts, Budget budget, runtime::TimePoint start)
    : plan_{std::move(plan)},
      parts_{parts},
      budget_{budget},
      start_{start},
      states_(plan_.rules.size()) {
  THRESHER_ASSERT(check(plan_, parts_).has_value());
}

runtime::Expected<void, PlanError> Injector::check(const Plan& plan, const InjectorParts& parts) {
  for (std::size_t at = 0; at < plan.rules.size(); ++at) {
    const Rule& rule = plan.rules[at];
    const KindRow& row = kind_row(rule.effect.kind);
    const std::string kind{row.name};
    if (row.made_at == MadeAt::device &&
        (parts.devices == nullptr || !parts.devices->can(row.kind))) {
      return refusal(at, "this device cannot make " + kind +
                             " (use the simulated device, or another effect)");
    }
    if (row.made_at == MadeAt::process && parts.processes == nullptr) {
      return refusal(at, kind + " needs the driver in a worker process (run isolated)");
    }
    if (rule.point.device && parts.devices != nullptr &&
        rule.point.device->value >= parts.devices->device_count()) {
      return runtime::Unexpected{PlanError{
          "$.rules[" + std::to_string(at) + "].on.device: must be below the number of devices (" +
          std::to_string(parts.devices->device_count()) + "), but is " +
          std::to_string(rule.point.device->value)}};
    }
  }
  return {};
}

void Injector::start() {
  for (std::size_t at = 0; at < plan_.rules.size(); ++at) {
    const Rule& rule = plan_.rules[at];
    if (rule.point.kind != PointKind::start) continue;
    THRESHER_ASSERT(rule.point.device.has_value());
    const auto effect =
        pass({.kind = PointKind::start, .device = rule.point.device, .now = start_});
    if (effect) parts_.devices->strike(*rule.point.device, *effect);
  }
}

bool Injector::matches(const Rule& rule, const Passing& passing) const {
  const Point& point = rule.point;
  if (point.kind != passing.kind) return false;
  if (point.device && point.device != passing.device) return false;
  if (point.call && *point.call != passing.call) return false;
  if (point.reset && *point.reset != passing.reset) return false;
  if (point.storage && *point.storage != passing.storage) return false;
  if (passing.bytes < rule.when.bytes_at_least) return false;
  if (passing.now - start_ < rule.when.after) return false;
  if (kind_row(rule.effect.kind).target == Target::context_call && !passing.context) return false;
  if (rule.when.after_launches > 0) {
    const auto launches =
        passing.device ? launches_.find(*passing.device) : launches_.end();
    if (launches == launches_.end() || launches->second < rule.when.after_launches) return false;
  }
  return true;
}

bool Injector::draws(const Rule& rule, const Passing& passing) {
  const Ratio ratio = rule.when.ratio;
  THRESHER_ASSERT(ratio.den >= 1 && ratio.num <= ratio.den);
  if (ratio.num == ratio.den) return true;
  if (ratio.num == 0) return false;
  return parts_.draw.chance(lane_of(passing), ratio, THRESHER_SITE("faults.rule"));
}

bool Injector::affordable(const Rule& rule) const {
  const auto kind = static_cast<std::size_t>(rule.effect.kind);
  if (budget_.forbidden[kind] || strikes_ >= budget_.total_max) return false;
  return lasting(rule.effect) == Until::call || active_.size() < budget_.concurrent_max;
}

std::optional<Effect> Injector::pass(const Passing& passing) {
  THRESHER_ASSERT(passing.now >= start_);
  std::optional<std::size_t> struck;
  {
    const std::lock_guard guard{lock_};
    if (healed_) return std::nullopt;
    for (std::size_t at = 0; at < plan_.rules.size(); ++at) {
      const Rule& rule = plan_.rules[at];
      RuleState& state = states_[at];
      if (!matches(rule, passing)) continue;
      // Also where another rule strikes or the budget is used up: a rule's matches depend on what
      // passes, and on nothing else in the plan.
      ++state.matches;
      const bool spent = rule.times > 0 && state.strikes >= rule.times;
      if (state.matches < rule.when.nth || spent || !draws(rule, passing)) continue;
      if (struck || !affordable(rule)) continue;
      struck = at;
      ++state.strikes;
      strike(at, passing);
    }
  }
  if (!struck) return std::nullopt;
  parts_.log.injected(*struck, plan_.rules[*struck]);
  return plan_.rules[*struck].effect;
}

void Injector::strike(std::size_t index, const Passing& passing) {
  THRESHER_ASSERT(index < plan_.rules.size());
  ++strikes_;
  const Until until = lasting(plan_.rules[index].effect);
  // What a `result` leaves is added by `stay`, once it is known for which context.
  if (until == Until::call || plan_.rules[index].effect.kind == FaultKind::result) return;
  active_.push_back(
      Active{.device = passing.device, .context = passing.context, .until = until});
}

void Injector::stay(const Passing& passing, DriverResult code, Until until) {
  THRESHER_ASSERT(code != DriverResult::success);
  if (until == Until::call) return;
  const std::lock_guard guard{lock_};
  active_.push_back(Active{
      .device = passing.device, .context = passing.context, .until = until, .code = code});
}

Status Injector::sticky(const Passing& passing) const {
  THRESHER_ASSERT(passing.kind == PointKind::call);
  const bool harmless = passing.call == DriverCall::device_count ||
                        passing.call == DriverCall::device_properties;
  if (harmless) return {};
  const std::lock_guard guard{lock_};
  for (const Active& active : active_) {
    if (active.code == DriverResult::success || active.device != passing.device) continue;
    const bool of_context = active.until == Until::context_destroyed;
    if (of_context && (active.context != passing.context || ends_contexts(passing.call))) continue;
    return Status{.code = active.code, .injected = true};
  }
  return {};
}

void Injector::launched(gpu::DeviceOrdinal device) {
  const std::lock_guard guard{lock_};
  ++launches_[device];
}

void Injector::context_ended(gpu::DeviceOrdinal device, gpu::ContextHandle context) {
  const std::lock_guard guard{lock_};
  std::erase_if(active_, [&](const Active& active) {
    return active.until == Until::context_destroyed && active.device == device &&
           active.context == context;
  });
}

void Injector::process_replaced(gpu::DeviceOrdinal device) {
  const std::lock_guard guard{lock_};
  std::erase_if(active_, [&](const Active& active) {
    return active.until != Until::never && active.device == device;
  });
}

void Injector::heal() {
  {
    const std::lock_guard guard{lock_};
    healed_ = true;
    active_.clear();
  }
  if (parts_.devices == nullptr) return;
  for (std::uint32_t device = 0; device < parts_.devices->device_count(); ++device) {
    parts_.devices->heal(gpu::DeviceOrdinal{device});
  }
}

std::uint64_t Injector::strikes() const {
  const std::lock_guard guard{lock_};
  return strikes_;
}

std::uint64_t Injector::active() const {
  const std::lock_guard guard{lock_};
  THRESHER_ASSERT(active_.size() <= strikes_);
  return active_.size();
}

}  // namespace thresher::faults
