// Grain timers: callbacks that run as turns of their activation.
//
// A tick goes through the admission rule like a request (not interleaving unless asked), never
// overlaps itself, and starts with an empty request context. The period counts from the end of the
// callback. Disposed with its activation, at the latest. Follows Orleans' IGrainTimer, but for two
// quirks that are not copied: a `change` made while a tick is queued keeps its new due time, and a
// tick that is rejected or dropped is armed again after a period.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/cancellation.h"

#include <chrono>

namespace thresher::runtime {

/// No due time or no period: a timer that is off, or one shot.
inline constexpr Duration timer_off{-1};

struct TimerOptions {
  /// First tick after this long; 0 is at once, `timer_off` never (until changed).
  Duration due{0};
  /// Next tick this long after the end of the callback; 0 is at once, `timer_off` one shot.
  Duration period = timer_off;
  /// Ticks may interleave with requests.
  bool interleave = false;
  /// Ticks count as use, so that a ticking activation is not collected.
  bool keep_alive = false;
};

/// What a timer runs. Its token is cancelled by `dispose` and by deactivation. What it throws or
/// fails with is logged; the next tick comes after a period.
using TimerCallback = UniqueFunction<Result<void>(CancellationToken)>;

namespace detail {
class TimerState;
}

/// Owns a timer: destroying it disposes. Belongs to the worker of its activation.
class GrainTimer {
 public:
  GrainTimer() noexcept = default;
  GrainTimer(GrainTimer&& other) noexcept;
  GrainTimer& operator=(GrainTimer&& other) noexcept;
  ~GrainTimer();

  bool valid() const noexcept { return state_ != nullptr; }
  /// Sets due time and period anew; inside the callback it takes effect at its end. Errors:
  /// invalid_argument for negative spans other than `timer_off`, closed when disposed.
  Result<void> change(Duration due, Duration period);
  /// No tick starts any more; a running one goes on with its token cancelled. Idempotent, also in
  /// its own callback.
  void dispose() noexcept;

 private:
  friend class Activation;
  explicit GrainTimer(detail::TimerState& state) noexcept;
  detail::TimerState* state_ = nullptr;
};

}  // namespace thresher::runtime
