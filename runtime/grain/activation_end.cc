// The way down: deactivation step by step, zombies, and giving up what is stuck.
//
// Steps that call user code or the directory run on a lifecycle fiber and may park there; after
// each the activation may have been given up meanwhile (`abandoned_`).
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"
#include "thresher/runtime/grain/lifecycle_fiber.h"

#include <algorithm>

namespace thresher::runtime {
namespace {

/// A message that met this many activations which ended without running anything is refused.
constexpr std::uint8_t forward_count_max = 2;

}  // namespace

void Activation::deactivate(DeactivationReason reason) {
  if (reason_ || state_ >= ActivationState::deactivating) return;  // The first reason wins.
  const bool shutting_down = reason.code == DeactivationReasonCode::shutting_down;
  reason_ = std::move(reason);
  deactivation_deadline_ =
      deadline_after(scheduler().now(), core().options.deactivation_timeout);
  if (state_ == ActivationState::valid) {
    begin_deactivating();
  } else if (shutting_down && source_) {
    source_->cancel();
  }
}

void Activation::shut_down() {
  THRESHER_ASSERT(core().status() != SiloStatus::running);
  if (phase_ == Phase::failed_delay) {
    alarm_.disarm();
    alarm_fired();
  } else {
    deactivate({DeactivationReasonCode::shutting_down, "the silo stops"});
  }
}

void Activation::delay_deactivation(Duration span) {
  THRESHER_ASSERT(span >= Duration{0});
  keep_until_ = span == Duration{0} ? TimePoint::min() : deadline_after(scheduler().now(), span);
}

void Activation::collect_if_idle(TimePoint now, const Duration* age) {
  const bool idle = state_ == ActivationState::valid && running_.empty() && waiting_.empty();
  if (!idle || class_.options().keep_alive || keep_until_ > now) return;
  // `idle_since_` is the collector's look after the last use; asked by hand, the look before it
  // counts, so that an age of 0 takes all that is idle.
  const SiloOptions& options = core().options;
  const Duration own_age = class_.options().collection_age;
  const Duration wanted =
      age != nullptr ? *age : own_age != Duration{0} ? own_age : options.collection_age;
  const TimePoint since = age != nullptr ? idle_since_ - options.collection_quantum : idle_since_;
  if (now - since < wanted) return;
  deactivate({DeactivationReasonCode::activation_idle, "idle"});
}

void Activation::begin_deactivating() {
  THRESHER_ASSERT(state_ == ActivationState::valid && reason_);
  state_ = ActivationState::deactivating;
  event(EventKind::deactivation_started, static_cast<std::uint64_t>(reason_->code));
  if (!running_.empty()) {
    worker_.alarms.set(alarm_, deadline_after(scheduler().now(),
                                              core().options.max_request_processing_time));
  }
  go_on();
}

void Activation::run_deactivation() {
  LifecycleFiber fiber{*this};
  if (abandoned_) return;
  THRESHER_ASSERT(state_ == ActivationState::deactivating && running_.empty());
  dispose_timers();
  source_.emplace(scheduler());
  if (deactivation_deadline_ <= scheduler().now()) source_->cancel();
  phase_ = Phase::on_deactivate;
  worker_.alarms.set(alarm_, deactivation_deadline_);
  const CancellationToken token = source_->token();
  fiber.frame.token = token;
  call_on_deactivate(token);
  stop_parts(token);
  alarm_.disarm();
  phase_ = Phase::none;
  if (abandoned_) {
    destroy_instance();
  } else {
    finish_end();
  }
}

void Activation::call_on_deactivate(const CancellationToken& token) {
  THRESHER_ASSERT(was_valid_ && grain_ != nullptr);
  try {
    const Result<void> done = grain_->on_deactivate(*reason_, token);
    if (!done) logger().warning("on_deactivate failed: " + describe(done.error()));
  } catch (const FiberUnwind&) {
    throw;
  } catch (const std::exception& caught) {
    logger().warning(std::string{"on_deactivate threw: "} + caught.what());
  } catch (...) {
    logger().warning("on_deactivate threw");
  }
}

void Activation::stop_parts(const CancellationToken& token) {
  THRESHER_ASSERT(parts_started_ <= parts_.size());
  while (parts_started_ > 0) {
    LifecycleParticipant& part = *parts_[--parts_started_].part;
    try {
      const Result<void> stopped = part.on_stop(token);
      if (!stopped) logger().warning("a part failed to stop: " + describe(stopped.error()));
    } catch (const FiberUnwind&) {
      throw;
    } catch (...) {
      logger().warning("a part threw when stopped");
    }
  }
}

void Activation::dispose_timers() noexcept {
  while (detail::TimerState* const timer = timers_.front()) timer->dispose();
}

void Activation::alarm_fired() {
  switch (phase_) {
    case Phase::stages:
    case Phase::on_activate: activation_timed_out(); break;
    case Phase::failed_delay:
      phase_ = Phase::none;
      end_on_new_fiber();
      break;
    case Phase::on_deactivate: give_up_deactivation(); break;
    case Phase::none:
      if (state_ == ActivationState::deactivating) {
        give_up_deactivation();
      } else {
        check_stuck_turn();
      }
      break;
  }
}

void Activation::give_up_deactivation() {
  THRESHER_ASSERT(state_ == ActivationState::deactivating);
  logger().warning("the deactivation of " + std::string{id_.text()} + " is no longer waited for");
  if (source_) source_->cancel();
  abandoned_ = true;
  ending_ = true;
  phase_ = Phase::none;
  end_on_new_fiber();
}

void Activation::watch_for_stuck_turn() {
  if (state_ != ActivationState::valid || blocking_ == nullptr || alarm_.armed()) return;
  worker_.alarms.set(alarm_, stuck_after());
}

TimePoint Activation::stuck_after() const noexcept {
  // A turn that has not begun yet counts from now.
  const bool begun = blocking_since_ != TimePoint::min();
  return deadline_after(begun ? blocking_since_ : scheduler().now(),
                        core().options.max_request_processing_time);
}

void Activation::check_stuck_turn() {
  THRESHER_ASSERT(!alarm_.armed());
  const bool somebody_waits = blocking_ != nullptr && !waiting_.empty();
  if (state_ != ActivationState::valid || !somebody_waits) return;
  const TimePoint limit = stuck_after();
  if (limit <= scheduler().now()) {
    become_zombie();
  } else {
    worker_.alarms.set(alarm_, limit);
  }
}

void Activation::become_zombie() {
  THRESHER_ASSERT(state_ == ActivationState::valid && blocking_ != nullptr);
  logger().warning("a turn of " + std::string{id_.text()} +
                   " is stuck; the grain is activated again");
  leave_catalog();
  deactivate({DeactivationReasonCode::activation_unresponsive, "a turn is stuck"});
  THRESHER_ASSERT(state_ == ActivationState::deactivating && !running_.empty());
  ++lifecycle_fibers_;
  worker_.spawn("unregister", [this] {
    const LifecycleFiber fiber{*this};
    unregister();
  });
  hand_over_waiting();
}

void Activation::end_on_new_fiber() {
  // Alarms must not park, and the directory may.
  THRESHER_ASSERT(ending_);
  ++lifecycle_fibers_;
  worker_.spawn("end activation", [this] {
    const LifecycleFiber fiber{*this};
    finish_end();
  });
}

void Activation::finish_end() {
  if (state_ == ActivationState::invalid) return;
  THRESHER_ASSERT(state_ == ActivationState::deactivating && ending_);
  unregister();
  if (state_ == ActivationState::invalid) return;  // Dropped meanwhile.
  leave_catalog();
  if (!abandoned_) destroy_instance();
  alarm_.disarm();
  become_invalid();
  hand_over_waiting();
}

void Activation::become_invalid() {
  THRESHER_ASSERT(state_ != ActivationState::invalid && !in_catalog);
  state_ = ActivationState::invalid;
  event(EventKind::activation_ended);
  worker_.note_ended();
}

void Activation::unregister() {
  // Not after a directory failure: there is no row of ours. Orleans also leaves the row when the
  // deactivation timed out, for the next activation to replace; removing it is the same to that
  // one, and leaves nothing behind when there is none.
  if (reason_ && reason_->code == DeactivationReasonCode::directory_failure) return;
  const Result<void> done =
      core().directory->unregister_address({id_, activation_, core().options.address});
  if (!done) logger().warning("the directory did not unregister: " + describe(done.error()));
}

void Activation::leave_catalog() noexcept {
  if (in_catalog) worker_.remove_from_catalog(*this);
}

void Activation::hand_over_waiting() {
  THRESHER_ASSERT(!in_catalog);
  while (!waiting_.empty()) {
    Message& message = waiting_.front()->message;
    dequeue(message);
    if (message.kind == MessageKind::timer_tick) {
      static_cast<TickMessage&>(message).timer.tick_ended();
    } else if (message.expires <= scheduler().now()) {
      message.dropped = true;
      worker_.answer(message);
    } else if (!ran_a_request_ && ++message.forward_count > forward_count_max) {
      worker_.refuse(message, core().failure(Errc::rejected, "forwarding failed: the activations "
                                                             "of the grain end without running"));
    } else {
      worker_.deliver(message);
    }
  }
}

void Activation::refuse_waiting(const CallError& error) {
  THRESHER_ASSERT(state_ >= ActivationState::deactivating);
  while (!waiting_.empty()) {
    Message& message = waiting_.front()->message;
    dequeue(message);
    worker_.refuse(message, error);
  }
}

void Activation::destroy_instance() noexcept {
  THRESHER_ASSERT(running_.empty());
  grain_filter_ = nullptr;
  parts_.clear();
  parts_started_ = 0;
  grain_.reset();
}

void Activation::drop() {
  if (state_ == ActivationState::invalid) return;
  const bool nothing_works = running_.empty() && lifecycle_fibers_ == 0;
  abandoned_ = true;
  ending_ = true;
  phase_ = Phase::none;
  alarm_.disarm();
  dispose_timers();
  leave_catalog();
  become_invalid();
  refuse_waiting(CallError{make_error(Errc::process_gone), nullptr, nullptr});
  if (nothing_works) let_go();
}

void Activation::let_go() noexcept {
  if (state_ != ActivationState::invalid || !running_.empty() || lifecycle_fibers_ > 0) return;
  THRESHER_ASSERT(waiting_.empty());
  worker_.forget(*this);
  delete this;
}

}  // namespace thresher::runtime
