// Recovery: one incident at a time, run by a fiber of its own, joined by whoever reports meanwhile.
//
// The level is asserted never to go down; the deadline of the incident bounds each step.
#include "thresher/gpu/recovery.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::EventKind;
using runtime::Result;
using runtime::TimePoint;

namespace {

using Guard = std::lock_guard<runtime::ShortLock>;

bool names_a_lost_device(Errc code) noexcept {
  return code == Errc::device_lost || code == Errc::quarantined;
}

ResetType above(ResetType level) noexcept {
  return level == ResetType::full ? level
                                  : static_cast<ResetType>(static_cast<std::uint8_t>(level) + 1);
}

}  // namespace

/// Shared by its fiber and everybody who joined. The lock of the Recovery guards `required` and
/// `device_lost`; the rest belongs to the fiber.
struct Recovery::Incident {
  Incident(runtime::Scheduler& scheduler, std::shared_ptr<RecoveryTarget> the_target)
      : target{std::move(the_target)},
        context{target->stamp()},
        promise{scheduler, "recovery"},
        ended{promise.future()} {}

  std::shared_ptr<RecoveryTarget> target;
  Stamp context;
  ResetType required = ResetType::soft;
  bool device_lost = false;
  Errc cause = Errc::timeout;
  std::uint32_t resets = 0;
  runtime::Promise<RecoveryResult> promise;
  runtime::Future<RecoveryResult> ended;
};

std::string_view name(RecoveryOutcome outcome) noexcept {
  switch (outcome) {
    case RecoveryOutcome::not_needed: return "not needed";
    case RecoveryOutcome::healthy: return "healthy";
    case RecoveryOutcome::quarantined: return "quarantined";
  }
  THRESHER_UNREACHABLE();
}

std::optional<ResetType> sufficient_level(Errc code) noexcept {
  switch (code) {
    case Errc::timeout: return ResetType::soft;
    case Errc::reset_failed: return ResetType::context;
    case Errc::context_lost: return ResetType::hard;
    case Errc::process_lost:
    case Errc::process_gone:
    case Errc::device_lost:
    case Errc::quarantined: return ResetType::full;
    // The caller's own doing, or nothing that a reset helps.
    case Errc::cancelled:
    case Errc::closed:
    case Errc::invalid_argument:
    case Errc::not_found:
    case Errc::already_exists:
    case Errc::uninitialised:
    case Errc::stale_handle:
    case Errc::refused:
    case Errc::unsupported:
    case Errc::needs_isolation:
    case Errc::capacity:
    case Errc::overloaded:
    case Errc::unavailable:
    case Errc::caller_bug:
    case Errc::compile_failed:
    case Errc::breaker_open:
    case Errc::rejected:
    case Errc::activation_failed:
    case Errc::grain_failed:
    case Errc::inconsistent_state:
    case Errc::storage_failed:
    case Errc::decode_failed:
    case Errc::configuration: return std::nullopt;
  }
  THRESHER_UNREACHABLE();
}

Recovery::Recovery(runtime::Services& services, DeviceOrdinal device,
                   const RecoveryOptions& options)
    : services_{services}, device_{device}, options_{options} {
  THRESHER_ASSERT(options_.full_attempts_max >= 1);
}

Recovery::~Recovery() { THRESHER_ASSERT(open_ == nullptr || services_.scheduler.unwinding()); }

bool Recovery::open() const noexcept {
  const Guard guard{lock_};
  return open_ != nullptr;
}

bool Recovery::answered_already(const RecoveryTarget& target,
                                const FailureReport& failure) const {
  return target.stamp() != failure.stamp && target.required_level() == ResetType::soft;
}

std::shared_ptr<Recovery::Incident> Recovery::join_or_open(
    const std::shared_ptr<RecoveryTarget>& target, ResetType level, const FailureReport& failure,
    bool& opened) {
  auto fresh = std::make_shared<Incident>(services_.scheduler, target);
  fresh->cause = failure.error.code;
  const Guard guard{lock_};
  opened = open_ == nullptr;
  if (opened) open_ = fresh;
  // Who joins may need more than who opened; one incident only goes up.
  open_->required = std::max(open_->required, level);
  open_->device_lost = open_->device_lost || names_a_lost_device(failure.error.code);
  return open_;
}

Result<RecoveryResult> Recovery::report(const std::shared_ptr<RecoveryTarget>& target,
                                        const FailureReport& failure, const CallOptions& call) {
  THRESHER_ASSERT(target != nullptr);
  const std::optional<ResetType> sufficient = sufficient_level(failure.error.code);
  if (!sufficient) return RecoveryResult{};
  const ResetType level = std::max(*sufficient, failure.at_least);
  for (bool waited = false;; waited = true) {
    if (!open() && answered_already(*target, failure)) {
      return RecoveryResult{.outcome = RecoveryOutcome::healthy, .level = {}, .joined = true};
    }
    bool opened = false;
    const std::shared_ptr<Incident> incident = join_or_open(target, level, failure, opened);
    if (opened) {
      services_.scheduler.spawn({.worker = services_.scheduler.current_worker(),
                                 .name = "gpu.recovery"},
                                [this, incident] { end(incident, run(*incident)); });
    }
    THRESHER_TRY(result, incident->ended.get(call.token, call.deadline));
    result.joined = !opened || waited;
    const bool covered = opened || incident->context.context == target->stamp().context ||
                         target->stamp() != failure.stamp;
    if (covered || result.outcome == RecoveryOutcome::quarantined) return result;
    // That incident was about another context of the process: this one has its own trouble.
  }
}

ResetType Recovery::next_level(Incident& incident, ResetType before) const {
  const ResetType needed = incident.target->required_level();
  const Guard guard{lock_};
  const ResetType level = std::max({before, needed, incident.required});
  THRESHER_ASSERT(level >= before);
  return level;
}

RecoveryResult Recovery::run(Incident& incident) {
  services_.probe.event({.kind = EventKind::incident_opened,
                         .subject = device_.value,
                         .a = static_cast<std::uint64_t>(incident.cause),
                         .text = runtime::name(incident.cause).data()});
  const TimePoint deadline =
      runtime::deadline_after(services_.scheduler.now(), options_.incident_timeout);
  RecoveryResult result;
  result.outcome = RecoveryOutcome::quarantined;
  std::uint32_t full_attempts = 0;
  ResetType level = next_level(incident, ResetType::soft);
  for (;;) {
    {
      const Guard guard{lock_};
      if (incident.device_lost) break;
    }
    if (services_.scheduler.now() >= deadline) break;
    result.level = level;
    if (level == ResetType::full) ++full_attempts;
    const Attempt outcome = attempt(incident, level, deadline);
    if (outcome == Attempt::healthy) result.outcome = RecoveryOutcome::healthy;
    if (outcome == Attempt::target_gone) result.outcome = RecoveryOutcome::not_needed;
    if (outcome != Attempt::escalate || full_attempts >= options_.full_attempts_max) break;
    level = next_level(incident, above(level));
  }
  result.resets = incident.resets;
  if (result.outcome == RecoveryOutcome::quarantined) incident.target->quarantine_device();
  return result;
}

runtime::Duration Recovery::timeout_of(ResetType level) const noexcept {
  switch (level) {
    case ResetType::soft: return options_.soft_timeout;
    case ResetType::context: return options_.context_timeout;
    case ResetType::hard: return options_.hard_timeout;
    case ResetType::full: return options_.full_timeout;
  }
  THRESHER_UNREACHABLE();
}

Recovery::Attempt Recovery::attempt(Incident& incident, ResetType level, TimePoint deadline) {
  runtime::Scheduler& scheduler = services_.scheduler;
  const auto within = [&](runtime::Duration span) {
    return std::min(deadline, runtime::deadline_after(scheduler.now(), span));
  };
  ++incident.resets;
  const Result<ResetResult> reset =
      incident.target->reset_for_recovery(level, within(timeout_of(level)));
  if (!reset) {
    const Errc code = reset.error().code;
    if (code == Errc::closed || code == Errc::uninitialised) return Attempt::target_gone;
    if (code == Errc::quarantined || code == Errc::needs_isolation) return Attempt::hopeless;
    return Attempt::escalate;
  }
  if (!reset->success) return Attempt::escalate;
  const Result<void> canary = incident.target->run_canary(within(options_.canary_timeout));
  if (canary) return Attempt::healthy;
  if (names_a_lost_device(canary.error().code)) return Attempt::hopeless;
  return Attempt::escalate;
}

void Recovery::end(const std::shared_ptr<Incident>& incident, const RecoveryResult& result) {
  {
    const Guard guard{lock_};
    THRESHER_ASSERT(open_ == incident);
    open_.reset();
  }
  const auto level = static_cast<std::uint64_t>(result.level.value_or(ResetType::soft));
  services_.probe.event({.kind = EventKind::incident_closed,
                         .subject = device_.value,
                         .a = result.outcome == RecoveryOutcome::quarantined ? 0u : 1u,
                         .b = level,
                         .text = name(result.outcome).data()});
  if (services_.probe.logs(runtime::LogLevel::warning)) {
    services_.probe.log(runtime::LogLevel::warning, "gpu.recovery",
                        "incident on device " + std::to_string(device_.value) + " ended " +
                            std::string{name(result.outcome)} + " after " +
                            std::to_string(result.resets) + " resets");
  }
  incident->promise.set(result);
}

}  // namespace thresher::gpu
