// Time as the runtime sees it: integers, in nanoseconds, from a scheduler and from nowhere else.
//
// The clocks below are tags without a now(): only a Scheduler gives the time, so that the same code
// runs in real and in virtual time. Monotonic time never jumps; wall time may, and is for records
// and for the user's calendar only, never for waiting.
#pragma once

#include <chrono>
#include <cstdint>

namespace thresher::runtime {

/// A span of time in nanoseconds; negative only as a difference.
using Duration = std::chrono::nanoseconds;

/// Tag of the scheduler's monotonic clock.
struct MonotonicClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<MonotonicClock, duration>;
  static constexpr bool is_steady = true;
};

/// Tag of the scheduler's wall clock (since 1970-01-01 UTC).
struct WallClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WallClock, duration>;
  static constexpr bool is_steady = false;
};

using TimePoint = MonotonicClock::time_point;
using WallTime = WallClock::time_point;

/// The deadline of a wait that has none.
inline constexpr TimePoint no_deadline = TimePoint::max();

/// The longest Duration; "for ever" where an option is a span.
inline constexpr Duration forever = Duration::max();

/// `start + span`, saturating at `no_deadline` so that `forever` stays for ever.
/// Requires: `span` is not negative.
constexpr TimePoint deadline_after(TimePoint start, Duration span) noexcept {
  return span >= no_deadline - start ? no_deadline : start + span;
}

}  // namespace thresher::runtime
