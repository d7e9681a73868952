// The runtime's side of a grain timer: its alarm, its tick message and its callback.
//
// Owned by a count of holders on one worker: the activation, the user's GrainTimer, and a tick that
// waits or runs.
#pragma once

#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/grain/alarm_queue.h"
#include "thresher/runtime/grain/grain_timer.h"
#include "thresher/runtime/grain/message.h"

#include <cstdint>
#include <optional>

namespace thresher::runtime {

class Activation;
class AlarmQueue;

namespace detail {
class TimerState;
}

/// The message that makes a tick a turn; a part of its timer.
class TickMessage final : public Message {
 public:
  TickMessage(detail::TimerState& owner, bool interleave) noexcept;

  void* argument(std::size_t, const std::type_info&) noexcept override { return nullptr; }
  void* result_place(const std::type_info&) override { return nullptr; }
  bool has_result() const noexcept override { return false; }
  bool survives_encoding(bool) const override { return true; }
  std::unique_ptr<Message> copy_request() const override { return nullptr; }
  void take_result(Message&) override {}

  detail::TimerState& timer;
};

namespace detail {

class TimerState {
 public:
  TimerState(Activation& activation, TimerOptions options, TimerCallback callback);
  TimerState(const TimerState&) = delete;
  TimerState& operator=(const TimerState&) = delete;
  ~TimerState();

  void start();
  Result<void> change(Duration due, Duration period);
  void dispose() noexcept;
  bool disposed() const noexcept { return activation_ == nullptr; }
  bool keeps_alive() const noexcept { return options_.keep_alive; }
  /// Runs the callback, in a turn. Throws what it throws.
  Result<void> run_callback();
  /// The tick has run, or was refused or dropped: arms the next.
  void tick_ended() noexcept;
  /// The tick will never run: the timer is disposed, or the world ends.
  void tick_lost() noexcept;

  void acquire() noexcept { ++holders_; }
  void release() noexcept;
  /// Takes part in the activation's list.
  TimerState* next = nullptr;
  TimerState* previous = nullptr;
  bool listed = false;

 private:
  void fire();
  void arm_after(Duration span);

  Activation* activation_;
  AlarmQueue& alarms_;
  Scheduler& scheduler_;
  TimerOptions options_;
  TimerCallback callback_;
  Alarm alarm_;
  TickMessage tick_;
  std::optional<CancellationSource> source_;
  /// A tick waits or runs.
  bool ticking_ = false;
  /// Set by `change` while a tick waits or runs: the due time that takes effect at its end.
  std::optional<Duration> changed_due_;
  std::uint32_t holders_ = 1;
};

}  // namespace detail
}  // namespace thresher::runtime
