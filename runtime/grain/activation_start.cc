// The way up: construct, register, start parts, on_activate, valid; and what happens when it
// fails. Runs on a lifecycle fiber; after each step that may park the activation may have been
// given up meanwhile (`abandoned_`).
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"
#include "thresher/runtime/grain/lifecycle_fiber.h"

#include <algorithm>

namespace thresher::runtime {
namespace {

/// More rows of this very silo than this in a row are no race.
constexpr int register_attempts_max = 8;

}  // namespace

LifecycleFiber::LifecycleFiber(Activation& activation) noexcept : activation_{activation} {
  frame.grain = &activation_;
  activation_.scheduler().locals().request = &frame;
}

LifecycleFiber::~LifecycleFiber() {
  THRESHER_ASSERT(activation_.lifecycle_fibers_ > 0);
  --activation_.lifecycle_fibers_;
  activation_.scheduler().locals().request = nullptr;
  // When the world ends, the worker frees what is left.
  if (!activation_.scheduler().unwinding()) activation_.let_go();
}

void Activation::begin(const Message& cause) {
  THRESHER_ASSERT(state_ == ActivationState::creating);
  ++lifecycle_fibers_;
  worker_.spawn("activate", [this, context = cause.context]() mutable {
    run_activation(std::move(context));
  });
}

void Activation::run_activation(RequestContext context) {
  THRESHER_ASSERT(lifecycle_fibers_ > 0);
  LifecycleFiber fiber{*this};
  if (abandoned_) return;
  source_.emplace(scheduler());
  const CancellationToken token = source_->token();
  fiber.frame.token = token;
  phase_ = Phase::stages;
  worker_.alarms.set(alarm_, deadline_after(scheduler().now(), core().options.activation_timeout));
  if (!construct() || !register_in_directory()) return;
  state_ = ActivationState::activating;
  fiber.frame.context = std::move(context);
  if (!start_parts(token)) return;
  phase_ = Phase::on_activate;
  // Time ran out in a stage that succeeded all the same: on_activate is told, and not waited for.
  if (token.is_cancelled()) worker_.alarms.set(alarm_, scheduler().now());
  if (!call_on_activate(token)) return;
  become_valid();
}

bool Activation::construct() {
  THRESHER_ASSERT(grain_ == nullptr);
  std::optional<CallError> error;
  try {
    grain_ = class_.construct(*this, core().service_registry);
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    bool conflict_here = false;
    error = core().capture_current(conflict_here);
  }
  if (abandoned_) return false;
  if (error) {
    fail_activation(std::move(*error), DeactivationReasonCode::activation_failed, true);
    return false;
  }
  THRESHER_ASSERT(grain_ != nullptr);
  grain_filter_ = dynamic_cast<IncomingCallFilter*>(grain_.get());
  return true;
}

bool Activation::register_in_directory() {
  // Before any user code of activation: of two activations only one gets that far.
  THRESHER_ASSERT(state_ == ActivationState::creating);
  const GrainAddress mine{id_, activation_, core().options.address};
  std::optional<GrainAddress> before;
  for (int attempt = 0; attempt < register_attempts_max; ++attempt) {
    const Result<GrainAddress> winner = core().directory->register_address(mine, before);
    if (abandoned_) return false;
    if (!winner) {
      fail_activation(CallError{winner.error(), nullptr, nullptr},
                      DeactivationReasonCode::directory_failure, false);
      return false;
    }
    if (winner->activation == activation_) return true;
    if (winner->silo != mine.silo) {
      fail_activation(core().failure(Errc::unavailable, "the grain is active on silo " +
                                                            winner->silo.text()),
                      DeactivationReasonCode::duplicate_activation, false);
      return false;
    }
    before = *winner;  // An older activation of this silo, which has left the catalog.
  }
  fail_activation(
      core().failure(Errc::unavailable, "the directory keeps naming another activation"),
      DeactivationReasonCode::directory_failure, false);
  return false;
}

void Activation::join_lifecycle(int stage, LifecycleParticipant& part) {
  THRESHER_ASSERT(state_ == ActivationState::creating);
  const auto after = std::find_if(parts_.begin(), parts_.end(),
                                  [stage](const Part& other) { return other.stage > stage; });
  parts_.insert(after, Part{stage, &part});
}

bool Activation::start_parts(const CancellationToken& token) {
  THRESHER_ASSERT(parts_started_ == 0);
  for (const Part& part : parts_) {
    std::optional<CallError> error;
    try {
      const Result<void> started = part.part->on_start(token);
      if (!started) error = error_of(started.error());
    } catch (const FiberUnwind&) {
      throw;
    } catch (...) {
      bool conflict_here = false;
      error = core().capture_current(conflict_here);
    }
    if (abandoned_) return false;
    if (error) {
      // A stage that was cancelled fails without the delay, so that the next call tries again.
      fail_activation(std::move(*error), DeactivationReasonCode::activation_failed,
                      !token.is_cancelled());
      return false;
    }
    ++parts_started_;
  }
  return true;
}

bool Activation::call_on_activate(const CancellationToken& token) {
  THRESHER_ASSERT(state_ == ActivationState::activating && grain_ != nullptr);
  std::optional<CallError> error;
  try {
    const Result<void> activated = grain_->on_activate(token);
    if (!activated) error = error_of(activated.error());
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    bool conflict_here = false;
    error = core().capture_current(conflict_here);
  }
  if (abandoned_) {
    // It timed out, and its callers were told. The rest belongs to nobody else.
    stop_parts(token);
    destroy_instance();
    return false;
  }
  if (!error) return true;
  if (token.is_cancelled()) {
    fail_activation(CallError{make_error(Errc::cancelled), nullptr, nullptr},
                    DeactivationReasonCode::runtime_requested, false);
  } else {
    fail_activation(std::move(*error), DeactivationReasonCode::activation_failed, true);
  }
  return false;
}

CallError Activation::error_of(const Error& error) const {
  return CallError{error, std::make_shared<const GrainFailure>(failure_of(error)),
                   &core().exceptions};
}

void Activation::become_valid() {
  THRESHER_ASSERT(state_ == ActivationState::activating);
  alarm_.disarm();
  phase_ = Phase::none;
  state_ = ActivationState::valid;
  was_valid_ = true;
  note_used();
  event(EventKind::activation_valid);
  if (reason_) {
    begin_deactivating();
  } else {
    pump();
    if (!waiting_.empty()) watch_for_stuck_turn();
  }
}

void Activation::fail_activation(CallError error, DeactivationReasonCode code, bool delayed) {
  THRESHER_ASSERT(state_ < ActivationState::valid);
  alarm_.disarm();
  phase_ = Phase::none;
  state_ = ActivationState::deactivating;
  ending_ = true;
  if (!reason_) reason_ = DeactivationReason{code, "activation failed"};
  event(EventKind::activation_failed, static_cast<std::uint64_t>(error.error.code));
  // The cause reaches the callers as itself; the code says where it happened.
  if (code == DeactivationReasonCode::activation_failed) {
    error.error = make_error(Errc::activation_failed, activation_.value);
  }
  failure_ = std::move(error);
  refuse_waiting(*failure_);
  dispose_timers();
  stop_parts(source_->token());
  // What the instance holds (device memory) must not wait for the delay.
  destroy_instance();
  if (abandoned_) return;
  if (!delayed || core().status() != SiloStatus::running) {
    finish_end();
    return;
  }
  phase_ = Phase::failed_delay;
  worker_.alarms.set(alarm_,
                     deadline_after(scheduler().now(), core().options.failed_activation_delay));
}

void Activation::activation_timed_out() {
  THRESHER_ASSERT(state_ < ActivationState::valid && source_);
  source_->cancel();
  if (phase_ != Phase::on_activate) return;  // Constructor and stages are waited for.
  abandoned_ = true;
  phase_ = Phase::none;
  state_ = ActivationState::deactivating;
  ending_ = true;
  if (!reason_) reason_ = DeactivationReason{DeactivationReasonCode::runtime_requested, "timeout"};
  event(EventKind::activation_failed, static_cast<std::uint64_t>(Errc::cancelled));
  dispose_timers();
  refuse_waiting(CallError{make_error(Errc::cancelled), nullptr, nullptr});
  leave_catalog();
  end_on_new_fiber();
}

}  // namespace thresher::runtime
