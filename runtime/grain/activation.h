// One activation: a grain's life on its worker, its queue of messages, and what runs of it.
//
// States go creating -> activating -> valid -> deactivating -> invalid, never back. Requests start
// as fibers when the admission rule lets them; lifecycle steps run on a fiber of their own. The
// object dies when it is invalid and the last fiber that works in it has ended, so that a stuck
// turn keeps what it uses. Everything belongs to the worker.
//
// activation.cc has the queue and the turns, activation_start.cc the way up, activation_end.cc the
// way down.
#pragma once

#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/grain/admission.h"
#include "thresher/runtime/grain/alarm_queue.h"
#include "thresher/runtime/grain/call_filter.h"
#include "thresher/runtime/grain/grain.h"
#include "thresher/runtime/grain/grain_class.h"
#include "thresher/runtime/grain/silo_worker.h"
#include "thresher/runtime/grain/timer_state.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace thresher::runtime {

enum class ActivationState : std::uint8_t { creating, activating, valid, deactivating, invalid };

class Activation final : public GrainContext {
 public:
  Activation(SiloWorker& worker, GrainClass& grain_class, GrainId id, ActivationId activation);
  ~Activation() override;

  // GrainContext.
  const GrainId& id() const noexcept override { return id_; }
  ActivationId activation() const noexcept override { return activation_; }
  const Services& services() const noexcept override { return core().services; }
  const Logger& logger() const noexcept override;
  SiloCore& silo() const noexcept override { return core(); }
  void join_lifecycle(int stage, LifecycleParticipant& part) override;
  void deactivate(DeactivationReason reason) override;
  void delay_deactivation(Duration span) override;
  Result<GrainTimer> register_timer(TimerOptions options, TimerCallback callback) override;
  void open_section(std::uint64_t chain) override;
  void close_section(std::uint64_t chain) noexcept override;
  std::uint64_t new_chain() noexcept override;

  ActivationState state() const noexcept { return state_; }
  SiloWorker& worker() const noexcept { return worker_; }

  /// Starts the way up; `cause` is the message whose request context on_activate sees.
  void begin(const Message& cause);
  /// Takes a message: starts, queues, holds or refuses it.
  void receive(Message& message);
  /// Takes a timer's tick into the queue.
  void enqueue_tick(TickMessage& tick);
  /// Cancels a request that waits or runs here; false when it does neither.
  bool cancel_request(std::uint64_t correlation);
  /// The silo stops: deactivates it, or ends the delay of a failed one.
  void shut_down();
  /// Gives it up at once: nothing more is called in it, and its messages are refused. For kill, and
  /// for what a stop did not end in time.
  void drop();
  /// Deactivates it if nothing runs or waits and it has been idle for `age` at `now` (its class's
  /// age when null).
  void collect_if_idle(TimePoint now, const Duration* age);

  // The worker's list of activations.
  Activation* next = nullptr;
  Activation* previous = nullptr;
  bool listed = false;
  bool in_catalog = false;

 private:
  friend class detail::TimerState;
  friend class IncomingChain;
  friend class LifecycleFiber;
  class Turn;

  /// Which user code a lifecycle fiber is in, for what its timeout does.
  enum class Phase : std::uint8_t { none, stages, on_activate, failed_delay, on_deactivate };

  SiloCore& core() const noexcept { return worker_.core; }
  Scheduler& scheduler() const noexcept { return worker_.scheduler(); }
  void event(EventKind kind, std::uint64_t b = 0) const noexcept;

  // Queue and turns: activation.cc.
  void enqueue(Message& message);
  void dequeue(Message& message) noexcept;
  void pump();
  bool may_start(const Message& message) const noexcept;
  Admission admission_of(Message& message);
  void start_turn(Message& message);
  void run_turn(Message& message);
  /// No other request can start while it runs, whatever it is.
  bool is_exclusive(const Message& message) const noexcept;
  void execute(Message& message, const RequestFrame& frame);
  void invoke_method(Message& message, const CancellationToken& token);
  void call_method(Message& message, const CancellationToken& token);
  void end_turn(Message& message);
  void leave_running(Message& message) noexcept;
  void go_on();
  void note_used() noexcept { idle_since_ = worker_.collector_horizon(); }
  bool is_over_limit(Message& message);
  bool section_is_open(std::uint64_t chain) const noexcept;
  void watch_for_stuck_turn();
  TimePoint stuck_after() const noexcept;
  void alarm_fired();
  void check_stuck_turn();

  // The way up: activation_start.cc.
  void run_activation(RequestContext context);
  bool construct();
  bool register_in_directory();
  bool start_parts(const CancellationToken& token);
  bool call_on_activate(const CancellationToken& token);
  CallError error_of(const Error& error) const;
  void become_valid();
  void fail_activation(CallError error, DeactivationReasonCode code, bool delayed);
  void activation_timed_out();

  // The way down: activation_end.cc.
  void begin_deactivating();
  void become_zombie();
  void run_deactivation();
  void call_on_deactivate(const CancellationToken& token);
  void give_up_deactivation();
  void end_on_new_fiber();
  void stop_parts(const CancellationToken& token);
  void dispose_timers() noexcept;
  void unregister();
  void leave_catalog() noexcept;
  void become_invalid();
  void finish_end();
  void hand_over_waiting();
  void refuse_waiting(const CallError& error);
  void destroy_instance() noexcept;
  /// Deletes this when nothing works in it any more.
  void let_go() noexcept;

  SiloWorker& worker_;
  GrainClass& class_;
  GrainId id_;
  ActivationId activation_;
  ActivationState state_ = ActivationState::creating;
  Phase phase_ = Phase::none;
  /// Lifecycle fibers that work in this object.
  std::uint8_t lifecycle_fibers_ = 0;
  bool was_valid_ = false;
  bool ran_a_request_ = false;
  /// The lifecycle fiber in user code is no longer waited for.
  bool abandoned_ = false;
  bool ending_ = false;
  bool over_soft_limit_ = false;
  std::unique_ptr<Grain> grain_;
  IncomingCallFilter* grain_filter_ = nullptr;
  mutable std::unique_ptr<Logger> logger_;

  IntrusiveList<MessageLink> waiting_;
  IntrusiveList<MessageLink> running_;
  Message* blocking_ = nullptr;
  TimePoint blocking_since_{};
  std::uint32_t special_waiting_ = 0;
  IntrusiveList<detail::TimerState> timers_;
  /// Chains with an open section, one entry for each scope.
  std::vector<std::uint64_t> sections_;

  struct Part {
    int stage;
    LifecycleParticipant* part;
  };
  std::vector<Part> parts_;
  std::size_t parts_started_ = 0;

  std::optional<DeactivationReason> reason_;
  TimePoint deactivation_deadline_ = no_deadline;
  /// Why the activation failed: given to every message until it is forgotten.
  std::optional<CallError> failure_;
  std::optional<CancellationSource> source_;
  Alarm alarm_;
  TimePoint idle_since_{};
  TimePoint keep_until_ = TimePoint::min();
};

}  // namespace thresher::runtime
