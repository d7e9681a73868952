// Recovery of one driver process: the least sufficient reset, escalated until the canary
// passes.
//
// An incident starts at the level that the error's class calls for, goes Soft -> Context ->
// Hard -> Full when a reset fails or the canary after it does not compute its known answer,
// never goes down, and ends healthy or with the device quarantined, within `incident_timeout`.
// One incident at a time a driver process: whoever reports while one is open joins it, and a
// report against an epoch that a reset has already ended gets the answer at once. capacity and
// a caller's bug never reset anything.
//
// Left out: deciding whether the failed operation is repeated (retry.h).
#pragma once

#include "thresher/gpu/call_options.h"
#include "thresher/gpu/device_info.h"
#include "thresher/gpu/options.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/future.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace thresher::gpu {

/// How an incident ended for who reported it.
enum class RecoveryOutcome : std::uint8_t {
  not_needed,   ///< capacity, a caller's bug, a cancellation: no reset helps; nothing was done.
  healthy,      ///< The canary passed; handles of an older epoch are stale.
  quarantined,  ///< The device was taken out of service: fail over.
};
std::string_view name(RecoveryOutcome outcome) noexcept;

struct RecoveryResult {
  RecoveryOutcome outcome = RecoveryOutcome::not_needed;
  /// Highest level that was tried; nothing when none was.
  std::optional<ResetType> level;
  std::uint32_t resets = 0;
  /// True when this report joined an incident that another opened, or came after its end.
  bool joined = false;
};

/// The level that an error of that code calls for, or nothing when no reset helps. device_lost and
/// quarantined answer Full: the incident quarantines without trying.
std::optional<ResetType> sufficient_level(runtime::Errc code) noexcept;

/// What an incident works on. Implemented by Accelerator, and by models.
class RecoveryTarget {
 public:
  virtual ~RecoveryTarget() = default;
  /// Tries a forced reset of that level. Parks, until `deadline` at most.
  virtual runtime::Result<ResetResult> reset_for_recovery(ResetType level,
                                                          runtime::TimePoint deadline) = 0;
  /// Computes the known answer. Parks, until `deadline` at most. An error says that it did not.
  virtual runtime::Result<void> run_canary(runtime::TimePoint deadline) = 0;
  /// The level below which nothing helps, as its context and process are now.
  virtual ResetType required_level() const noexcept = 0;
  /// Takes the device out of service. Never parks.
  virtual void quarantine_device() noexcept = 0;
  /// The context that it lives in, with its present epoch.
  virtual Stamp stamp() const noexcept = 0;
};

/// A failure as its reporter met it.
struct FailureReport {
  runtime::Error error;
  /// The stamp of the handle or accelerator it was met with.
  Stamp stamp;
  /// Do not start below this level (a retry that has already tried less).
  ResetType at_least = ResetType::soft;
};

/// One a driver process; owned by its DeviceNode. Any worker.
class Recovery {
 public:
  Recovery(runtime::Services& services, DeviceOrdinal device, const RecoveryOptions& options);
  ~Recovery();

  /// Reports a failure of `target` and parks until the incident is over. The incident goes on when
  /// the caller gives up. Errors: cancelled, timeout (of the caller's wait), process_gone.
  runtime::Result<RecoveryResult> report(const std::shared_ptr<RecoveryTarget>& target,
                                         const FailureReport& failure, const CallOptions& call);

  /// True while an incident is open.
  bool open() const noexcept;

 private:
  struct Incident;
  enum class Attempt : std::uint8_t { healthy, escalate, hopeless, target_gone };

  bool answered_already(const RecoveryTarget& target, const FailureReport& failure) const;
  /// The open incident, or a new one; then `opened` is true.
  std::shared_ptr<Incident> join_or_open(const std::shared_ptr<RecoveryTarget>& target,
                                         ResetType level, const FailureReport& failure,
                                         bool& opened);
  ResetType next_level(Incident& incident, ResetType before) const;
  RecoveryResult run(Incident& incident);
  Attempt attempt(Incident& incident, ResetType level, runtime::TimePoint deadline);
  void end(const std::shared_ptr<Incident>& incident, const RecoveryResult& result);
  runtime::Duration timeout_of(ResetType level) const noexcept;

  runtime::Services& services_;
  DeviceOrdinal device_;
  RecoveryOptions options_;
  mutable runtime::ShortLock lock_;
  /// Shared by the fiber that runs it and everybody who joined.
  std::shared_ptr<Incident> open_;
};

}  // namespace thresher::gpu
