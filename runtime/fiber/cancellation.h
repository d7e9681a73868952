// Cancellation tokens with linked sources and deadlines.
//
// Cancelling never unwinds a running fiber: it ends waits that were given the token, and starts the
// registered callbacks, each once, as a fiber on its registrant's worker, never inside `cancel()`.
// Sources and tokens cross workers and threads.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/scheduler.h"

#include <memory>

namespace thresher::runtime {

namespace detail {
class CancellationState;
}

/// Keeps a callback registered; unregisters when destroyed: a callback that has not begun to run
/// then never will, one that has goes on.
class CancellationRegistration {
 public:
  CancellationRegistration() noexcept = default;
  CancellationRegistration(CancellationRegistration&& other) noexcept;
  CancellationRegistration& operator=(CancellationRegistration&& other) noexcept;
  ~CancellationRegistration();

 private:
  friend class CancellationToken;
  CancellationRegistration(std::shared_ptr<detail::CancellationState> state, std::uint64_t id);
  std::shared_ptr<detail::CancellationState> state_;
  std::uint64_t id_ = 0;
};

/// Says whether work shall stop. Copies share one state; the default token can never be cancelled.
class CancellationToken {
 public:
  CancellationToken() noexcept = default;

  /// The token that no one cancels: for work that must finish (cleanup, reset on return).
  static CancellationToken none() noexcept { return CancellationToken{}; }

  bool can_be_cancelled() const noexcept { return state_ != nullptr; }
  /// True once cancelled or past its deadline.
  bool is_cancelled() const noexcept;
  /// The instant at which it cancels itself, or `no_deadline`.
  TimePoint deadline() const noexcept;
  /// Fails with `cancelled` when cancelled: for straight code between waits.
  Result<void> check(SourceLocation origin = SourceLocation::here()) const noexcept;
  /// Runs `callback` once, as a foreground fiber of the caller's worker, after cancellation; at
  /// once when already cancelled; never inside this call. What it throws is treated like what
  /// leaves any fiber's body. Requires: called on a fiber.
  [[nodiscard]] CancellationRegistration on_cancel(Task callback) const;

  /// Parks `wait` like Scheduler::park_until, and ends it as `cancelled` when this token is
  /// cancelled first. Every primitive's wait goes through here.
  WaitEnd park(Scheduler& scheduler, Wait& wait, TimePoint deadline) const;

 private:
  friend class CancellationSource;
  explicit CancellationToken(std::shared_ptr<detail::CancellationState> state) noexcept;
  std::shared_ptr<detail::CancellationState> state_;
};

/// Cancels its tokens. Destroying a source cancels nothing.
class CancellationSource {
 public:
  explicit CancellationSource(Scheduler& scheduler);
  /// Linked: cancelled when any of `parents` is, and no later than `deadline`.
  CancellationSource(Scheduler& scheduler, std::initializer_list<CancellationToken> parents,
                     TimePoint deadline = no_deadline);
  CancellationSource(CancellationSource&&) noexcept = default;
  CancellationSource& operator=(CancellationSource&&) noexcept = default;
  ~CancellationSource();

  CancellationToken token() const noexcept;
  /// Cancels, once; never parks, runs no callback itself. Any thread.
  void cancel() noexcept;
  /// Cancels at `deadline` (the earliest of several counts). Requires: called on a fiber.
  void cancel_at(TimePoint deadline);
  bool is_cancelled() const noexcept;

 private:
  std::shared_ptr<detail::CancellationState> state_;
};

}  // namespace thresher::runtime
