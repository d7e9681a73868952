// One worker's part of a silo: its activations, its callers' pending calls, its alarms.
//
// Everything here belongs to the worker: only its fibers touch it, so nothing is locked. Messages
// to grains of another worker travel as a fiber spawned there, and their answers back the same way.
#pragma once

#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/grain/activation_table.h"
#include "thresher/runtime/grain/alarm_queue.h"
#include "thresher/runtime/grain/message.h"
#include "thresher/runtime/grain/silo_core.h"

#include <cstdint>
#include <map>
#include <memory>
#include <utility>

namespace thresher::runtime {

class Activation;

class SiloWorker {
 public:
  SiloWorker(SiloCore& given_core, WorkerId id);
  SiloWorker(const SiloWorker&) = delete;
  SiloWorker& operator=(const SiloWorker&) = delete;
  ~SiloWorker();

  WorkerId id() const noexcept { return id_; }
  Scheduler& scheduler() const noexcept { return core.services.scheduler; }

  // The caller's side.

  /// Sends a prepared message. Requires: on this worker, which is the message's home.
  void send(Message& message);
  /// Ends a pending call for its caller and wakes it; nothing when it has ended.
  void end_call(Message& message, CallEnd end) noexcept;
  /// Sets the instant at which the message expires and the sweep that ends its call.
  void stamp_timeout(Message& message, Duration timeout);
  /// Takes a message back from its callee; frees it when nobody waits any more.
  void come_home(Message& message) noexcept;
  /// The caller has let the call go.
  void stop_waiting_for(Message& message) noexcept { pending_.remove(message.pending); }
  /// The caller's token was cancelled.
  void cancel_call(std::uint64_t correlation);
  void watch_cancellation(Message& message) { cancellable_.emplace(message.correlation, &message); }
  void forget_cancellation(std::uint64_t correlation) noexcept { cancellable_.erase(correlation); }
  std::size_t pending_count() const noexcept { return pending_.size(); }

  /// A fresh id of a call, or of a chain of calls: unique within the silo, never 0.
  std::uint64_t new_correlation() noexcept {
    return std::uint64_t{id_.value} << 48 | ++correlation_next_;
  }

  // The callee's side.

  /// Hands a message to its activation, which is made if there is none. Requires: the grain lives
  /// on this worker.
  void deliver(Message& message);
  /// Cancels the request, if it waits or runs here.
  void cancel_request(const GrainId& grain, std::uint64_t correlation);
  /// Gives a message back to its caller, with the result or failure in it; frees a one-way one.
  void answer(Message& message);
  void refuse(Message& message, CallError error);
  /// Takes the activation out of the catalog: the next message makes another.
  void remove_from_catalog(Activation& activation) noexcept;
  /// An activation has become invalid; fibers may still work in it.
  void note_ended() noexcept;
  /// What a world's end left: before any worker of the silo is destroyed.
  void destroy_activations() noexcept;
  /// The last thing an activation does.
  void forget(Activation& activation) noexcept;
  /// Visits every activation in order of making; `visit` may end the one it is given.
  template <typename Visit>
  void for_each_activation(const Visit& visit);
  /// The activation of a grain that lives here, or null.
  Activation* find(const GrainId& grain) const noexcept { return table_.find(grain); }

  /// Starts the alarms' fiber.
  void start();
  void stop_alarms() noexcept { alarms.stop(); }
  /// Ends every pending call of this worker's callers as `broken`.
  void break_pending_calls() noexcept;
  /// The collector's clock: the instant of its next look, an upper bound of now.
  TimePoint collector_horizon() const noexcept { return collector_horizon_; }
  /// Deactivates what has been idle for `age` (each class's own age when null).
  void collect(const Duration* age);
  /// Parks until every activation is invalid, or `deadline`. One fiber at a time.
  void wait_until_empty(TimePoint deadline);

  /// Starts a fiber on this worker, called on this worker; the silo lives until it has ended.
  template <typename F>
  void spawn(const char* name, F body, bool background = false);
  /// The same from any worker.
  template <typename F>
  void spawn_from_afar(const char* name, F body);

  SiloCore& core;
  MessagePool pool;
  AlarmQueue alarms;

 private:
  class FiberHold;
  void enter() noexcept;
  void leave() noexcept;
  void sweep();
  void collector_tick();
  static Activation* next_of(const Activation& activation) noexcept;
  Activation* create(Message& message);

  WorkerId id_;
  ActivationTable table_;
  /// All activations in order of their making, zombies too.
  IntrusiveList<Activation> activations_;
  /// Those that are not invalid yet.
  std::uint64_t live_ = 0;
  IntrusiveList<MessageLink> pending_;
  /// Calls whose token may still cancel them, by correlation.
  std::map<std::uint64_t, Message*> cancellable_;
  Alarm sweep_;
  Alarm collector_;
  TimePoint collector_horizon_{};
  std::uint64_t correlation_next_ = 0;
  std::uint64_t activation_next_ = 0;
  Wait* emptied_ = nullptr;
  /// Fibers of the silo on this worker; while there are any, the worker is a user of the core.
  std::uint64_t fibers_ = 0;
};

/// Keeps the silo alive for a fiber of its own worker, by a plain counter.
class SiloWorker::FiberHold {
 public:
  explicit FiberHold(SiloWorker& worker) noexcept : worker_{&worker} { worker.enter(); }
  FiberHold(FiberHold&& other) noexcept : worker_{std::exchange(other.worker_, nullptr)} {}
  FiberHold& operator=(FiberHold&&) = delete;
  ~FiberHold() {
    if (worker_ != nullptr) worker_->leave();
  }

 private:
  SiloWorker* worker_;
};

template <typename Visit>
void SiloWorker::for_each_activation(const Visit& visit) {
  for (Activation* at = activations_.front(); at != nullptr;) {
    Activation* const following = next_of(*at);
    visit(*at);
    at = following;
  }
}

template <typename F>
void SiloWorker::spawn(const char* name, F body, bool background) {
  scheduler().spawn({.worker = id_, .name = name, .background = background},
                    [hold = FiberHold{*this}, body = std::move(body)]() mutable { body(); });
}

/// Keeps the silo alive from any worker.
class CoreHold {
 public:
  explicit CoreHold(SiloCore& core) noexcept : core_{&core} { core.acquire(); }
  CoreHold(CoreHold&& other) noexcept : core_{std::exchange(other.core_, nullptr)} {}
  CoreHold& operator=(CoreHold&&) = delete;
  ~CoreHold() {
    if (core_ != nullptr) core_->release();
  }

 private:
  SiloCore* core_;
};

template <typename F>
void SiloWorker::spawn_from_afar(const char* name, F body) {
  scheduler().spawn({.worker = id_, .name = name},
                    [hold = CoreHold{core}, body = std::move(body)]() mutable { body(); });
}

/// Owns a message on its way to a callee or back: one that never arrives is settled.
class MessageInFlight {
 public:
  explicit MessageInFlight(Message& message) noexcept : message_{&message} {}
  MessageInFlight(MessageInFlight&& other) noexcept
      : message_{std::exchange(other.message_, nullptr)} {}
  MessageInFlight& operator=(MessageInFlight&&) = delete;
  ~MessageInFlight() {
    if (message_ != nullptr) settle(*message_);
  }
  Message& arrive() noexcept { return *std::exchange(message_, nullptr); }

  /// Lets a message go that nobody will answer, because the world ends: its handle, if there still
  /// is one, frees it.
  static void settle(Message& message) noexcept;

 private:
  Message* message_;
};

}  // namespace thresher::runtime
