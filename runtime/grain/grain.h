// The base of every grain class.
//
// A grain lives on one worker and runs one request at a time (unless its class allows more), so its
// members need no locks. Methods are plain member functions that give R or Result<R> and may throw:
// what leaves them becomes the caller's failure. They park by calling others, and only there do
// allowed requests interleave.
#pragma once

#include "thresher/runtime/grain/grain_context.h"
#include "thresher/runtime/grain/grain_ref.h"
#include "thresher/runtime/grain/request_frame.h"

#include <string_view>
#include <utility>

namespace thresher::runtime {

///   class Counter final : public Grain {
///    public:
///     explicit Counter(GrainContext& context) : Grain{context} {}
///     static void bind(MethodTable<Counter>& table) {
///       table.on(ICounter::add, &Counter::add).on(ICounter::get, &Counter::get);
///     }
///     std::int64_t add(std::int64_t amount) { return value_ += amount; }
///     std::int64_t get() const { return value_; }
///    private:
///     std::int64_t value_ = 0;
///   };
class Grain {
 public:
  explicit Grain(GrainContext& context) noexcept : context_{&context} {}
  Grain(const Grain&) = delete;
  Grain& operator=(const Grain&) = delete;
  /// Runs on the grain's worker, outside of any turn: must not park and not throw.
  virtual ~Grain() = default;

  /// Runs once, before the first request, after the parts of its lifecycle have started. A failure
  /// or exception fails the activation: the instance is destroyed, and callers get that failure.
  /// The token is cancelled by the activation timeout.
  virtual Result<void> on_activate(CancellationToken token);
  /// Runs once, if the activation was valid, when no request runs any more. Best effort: not called
  /// when the silo is killed. Failures are logged.
  virtual Result<void> on_deactivate(const DeactivationReason& reason, CancellationToken token);

  GrainContext& context() const noexcept { return *context_; }
  const GrainId& id() const noexcept { return context_->id(); }

 protected:
  const Services& services() const noexcept { return context_->services(); }
  Scheduler& scheduler() const noexcept { return context_->services().scheduler; }
  const Logger& logger() const noexcept { return context_->logger(); }

  /// The reference to this grain by one of its interfaces.
  template <GrainInterface I>
  GrainRef<I> self() const {
    return GrainRef<I>{context_->silo(), id()};
  }
  /// A reference to another grain. Throws ErrorException (configuration) when no class or several
  /// serve the interface and `class_type` does not name one.
  template <GrainInterface I>
  GrainRef<I> get_grain(const KeyOf<I>& key, std::string_view class_type = {}) const {
    return runtime::get_grain<I>(context_->silo(), key, class_type);
  }

  /// Deactivates when the running requests have ended (Orleans: DeactivateOnIdle).
  void deactivate_on_idle() {
    context_->deactivate({DeactivationReasonCode::application_requested, "deactivate_on_idle"});
  }
  /// See GrainContext::delay_deactivation.
  void delay_deactivation(Duration span) { context_->delay_deactivation(span); }
  /// Throws ErrorException for what GrainContext::register_timer fails with.
  [[nodiscard]] GrainTimer register_timer(TimerOptions options, TimerCallback callback) {
    return context_->register_timer(options, std::move(callback)).value();
  }

  /// The context of the running request, which its calls take along. Requires: in a turn.
  RequestContext& request_context() const { return runtime::request_context(scheduler()); }
  /// Cancelled when the caller cancels the running request. Requires: in a turn.
  CancellationToken request_token() const;

 private:
  GrainContext* context_;
};

}  // namespace thresher::runtime
