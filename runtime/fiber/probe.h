// What the product tells about itself: typed events, log records, places reached, fault points.
//
// Observers never influence: nothing here parks, throws or changes what the caller does, but for
// `fault_point`, whose whole purpose it is. Real: spdlog and counters, fault points off. Simulated:
// trace in virtual time, coverage, and the plan.
#pragma once

#include "thresher/runtime/base/hash.h"

#include <cstdint>
#include <string_view>

namespace thresher::runtime {

enum class LogLevel : std::uint8_t { trace, debug, info, warning, error, critical };

/// Kinds of events of the trace; each says what `subject`, `a` and `b` of an Event mean.
enum class EventKind : std::uint8_t {
  activation_created,   ///< subject grain, a activation
  activation_valid,     ///< subject grain, a activation
  activation_failed,    ///< subject grain, a activation, b Errc
  deactivation_started, ///< subject grain, a activation, b DeactivationReasonCode
  activation_ended,     ///< subject grain, a activation
  request_sent,         ///< subject grain, a correlation id, b method hash
  request_started,      ///< subject grain, a correlation id, b activation
  request_ended,        ///< subject grain, a correlation id, b Errc or 0
  request_rejected,     ///< subject grain, a correlation id, b Errc
  timer_ticked,         ///< subject grain, a activation
  driver_call,          ///< subject device, a call, b result code
  reset_started,        ///< subject accelerator, a level, b epoch before
  reset_ended,          ///< subject accelerator, a level, b 1 for success
  epoch_changed,        ///< subject context, a epoch
  incident_opened,      ///< subject device, a error code
  incident_closed,      ///< subject device, a 1 healthy, 0 quarantined, b highest level
  canary_run,           ///< subject accelerator, a 1 passed
  lease_granted,        ///< subject accelerator, a lease id
  lease_returned,       ///< subject accelerator, a lease id
  fault_injected,       ///< subject device or 0, a fault kind, b rule index
  process_started,      ///< subject process
  process_ended,        ///< subject process, a 1 killed
  note,                 ///< free: for scenarios
};

/// One typed event; 24 bytes and a kind, cheap to make, cheaper when nobody listens.
struct Event {
  EventKind kind = EventKind::note;
  std::uint64_t subject = 0;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  /// A literal that names the subject or the detail, or "".
  const char* text = "";
};

class Probe {
 public:
  virtual ~Probe() = default;

  /// Records an event, with the time and the fiber added. Never parks.
  virtual void event(const Event& event) noexcept = 0;
  /// Writes a log record; `logger` names its source (the grain class, "pool").
  virtual void log(LogLevel level, std::string_view logger, std::string_view text) noexcept = 0;
  /// False when records of that level go nowhere, so that callers skip making the text.
  virtual bool logs(LogLevel level) const noexcept = 0;
  /// Says that this place of the code was reached.
  virtual void reachable(const Site& site) noexcept = 0;
  /// True when the unlikely but legal thing shall happen here (FoundationDB's buggify: a point is
  /// armed once a run, then fires at random). Always false in a real process.
  virtual bool fault_point(const Site& site) noexcept = 0;
};

/// Says nothing and never fires: for tests of parts that need a Probe and watch nothing.
class NullProbe final : public Probe {
 public:
  void event(const Event&) noexcept override {}
  void log(LogLevel, std::string_view, std::string_view) noexcept override {}
  bool logs(LogLevel) const noexcept override { return false; }
  void reachable(const Site&) noexcept override {}
  bool fault_point(const Site&) noexcept override { return false; }
};

}  // namespace thresher::runtime
