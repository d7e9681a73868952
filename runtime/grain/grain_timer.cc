// Timers: alarm, tick, callback, and again. Everything runs on the activation's worker; the
// callback runs in the tick's turn and may park.
#include "thresher/runtime/grain/grain_timer.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"
#include "thresher/runtime/grain/timer_state.h"

#include <utility>

namespace thresher::runtime {
namespace {

bool is_span(Duration span) { return span >= Duration{0} || span == timer_off; }

constexpr MethodInfo tick_info(bool interleave) {
  return MethodInfo{method_id("thresher.GrainTimer", "tick"), "thresher.GrainTimer", "tick",
                    MethodAttributes{.always_interleave = interleave}};
}

}  // namespace

TickMessage::TickMessage(detail::TimerState& owner, bool interleave) noexcept
    : Message{MessageKind::timer_tick, tick_info(interleave)}, timer{owner} {}

namespace detail {

TimerState::TimerState(Activation& activation, TimerOptions options, TimerCallback callback)
    : activation_{&activation},
      alarms_{activation.worker().alarms},
      scheduler_{activation.worker().scheduler()},
      options_{options},
      callback_{std::move(callback)},
      alarm_{[](void* self) { static_cast<TimerState*>(self)->fire(); }, this, true},
      tick_{*this, options.interleave} {
  tick_.target = activation.id();
}

TimerState::~TimerState() { THRESHER_ASSERT(disposed() && !ticking_); }

void TimerState::start() {
  THRESHER_ASSERT(!alarm_.armed());
  arm_after(options_.due);
}

void TimerState::arm_after(Duration span) {
  THRESHER_ASSERT(!ticking_ && is_span(span));
  if (span == timer_off) {
    alarm_.disarm();
  } else {
    alarms_.set(alarm_, deadline_after(scheduler_.now(), span));
  }
}

void TimerState::fire() {
  THRESHER_ASSERT(!disposed() && !ticking_);
  ticking_ = true;
  acquire();
  activation_->enqueue_tick(tick_);
}

Result<void> TimerState::run_callback() {
  THRESHER_ASSERT(ticking_);
  if (disposed()) return {};  // Disposed between its start and its turn.
  activation_->services().probe.event({.kind = EventKind::timer_ticked,
                                       .subject = activation_->id().hash(),
                                       .a = activation_->activation().value});
  if (!source_) source_.emplace(scheduler_);
  return callback_(source_->token());
}

void TimerState::tick_ended() noexcept {
  THRESHER_ASSERT(ticking_);
  ticking_ = false;
  // Unlike Orleans, a tick that was refused is armed again, and a change made meanwhile keeps its
  // due time.
  const Duration span = changed_due_.value_or(options_.period);
  changed_due_.reset();
  if (!disposed()) arm_after(span);
  release();
}

void TimerState::tick_lost() noexcept {
  THRESHER_ASSERT(ticking_);
  ticking_ = false;
  release();
}

Result<void> TimerState::change(Duration due, Duration period) {
  THRESHER_ASSERT(holders_ > 0);
  if (disposed()) return fail(Errc::closed);
  if (!is_span(due) || !is_span(period)) return fail(Errc::invalid_argument);
  options_.due = due;
  options_.period = period;
  if (ticking_) {
    changed_due_ = due;
  } else {
    arm_after(due);
  }
  return {};
}

void TimerState::dispose() noexcept {
  if (disposed()) return;
  Activation& activation = *std::exchange(activation_, nullptr);
  alarm_.disarm();
  activation.timers_.remove(*this);
  if (source_ && ticking_) source_->cancel();
  if (ticking_ && tick_.queue.listed && !tick_.running) {
    activation.dequeue(tick_);
    tick_lost();
  }
  release();
}

void TimerState::release() noexcept {
  THRESHER_ASSERT(holders_ > 0);
  if (--holders_ == 0) delete this;
}

}  // namespace detail

Result<GrainTimer> Activation::register_timer(TimerOptions options, TimerCallback callback) {
  if (!is_span(options.due) || !is_span(options.period)) return fail(Errc::invalid_argument);
  if (state_ >= ActivationState::deactivating) return fail(Errc::closed);
  auto* const timer = new detail::TimerState{*this, options, std::move(callback)};
  timers_.push_back(*timer);
  timer->start();
  return GrainTimer{*timer};
}

GrainTimer::GrainTimer(detail::TimerState& state) noexcept : state_{&state} { state.acquire(); }

GrainTimer::GrainTimer(GrainTimer&& other) noexcept
    : state_{std::exchange(other.state_, nullptr)} {}

GrainTimer& GrainTimer::operator=(GrainTimer&& other) noexcept {
  if (this != &other) {
    dispose();
    state_ = std::exchange(other.state_, nullptr);
  }
  return *this;
}

GrainTimer::~GrainTimer() { dispose(); }

Result<void> GrainTimer::change(Duration due, Duration period) {
  return state_ != nullptr ? state_->change(due, period) : fail(Errc::closed);
}

void GrainTimer::dispose() noexcept {
  if (state_ == nullptr) return;
  detail::TimerState* const state = std::exchange(state_, nullptr);
  state->dispose();
  state->release();
}

}  // namespace thresher::runtime
