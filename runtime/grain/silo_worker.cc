// The caller's side of a worker: sending, timeouts, cancellation, and answers that come home.
//
// Runs on the worker; nothing here parks.
#include "thresher/runtime/grain/silo_worker.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"

#include <algorithm>
#include <chrono>

namespace thresher::runtime {
namespace {

/// A sweep follows at most this long after the one before, and not sooner than the other.
constexpr Duration sweep_period_max = std::chrono::seconds{1};
constexpr Duration sweep_period_min = std::chrono::milliseconds{1};

}  // namespace

SiloWorker::SiloWorker(SiloCore& given_core, WorkerId id)
    : core{given_core},
      alarms{given_core.services.scheduler},
      id_{id},
      sweep_{[](void* self) { static_cast<SiloWorker*>(self)->sweep(); }, this, true},
      collector_{[](void* self) { static_cast<SiloWorker*>(self)->collector_tick(); }, this, false}
{}

SiloWorker::~SiloWorker() {
  THRESHER_ASSERT(fibers_ == 0);
  THRESHER_ASSERT(activations_.empty());
}

void SiloWorker::destroy_activations() noexcept {
  while (Activation* const activation = activations_.front()) {
    activations_.remove(*activation);
    delete activation;
  }
}

void SiloWorker::enter() noexcept {
  if (fibers_++ == 0) core.acquire();
}

void SiloWorker::leave() noexcept {
  THRESHER_ASSERT(fibers_ > 0);
  if (--fibers_ == 0) core.release();
}

void SiloWorker::send(Message& message) {
  THRESHER_ASSERT(message.is_home && !message.running);
  message.home_worker = id_;
  message.correlation = new_correlation();
  core.services.probe.event({.kind = EventKind::request_sent,
                             .subject = message.target.hash(),
                             .a = message.correlation,
                             .b = message.method.id.value,
                             .text = message.method.name.data()});
  // From here on the callee's side owns its part, and a one-way message altogether.
  message.is_home = false;
  if (message.wants_answer()) pending_.push_back(message.pending);
  SiloWorker& to = *core.workers[core.worker_of(message.target)];
  if (&to == this) {
    deliver(message);
  } else {
    to.spawn_from_afar("deliver", [&to, flight = MessageInFlight{message}]() mutable {
      to.deliver(flight.arrive());
    });
  }
}

void SiloWorker::stamp_timeout(Message& message, Duration timeout) {
  THRESHER_ASSERT(timeout > Duration{0});
  if (timeout == forever) return;
  const TimePoint now = scheduler().now();
  message.expires = deadline_after(now, timeout);
  if (!message.wants_answer() || (sweep_.armed() && sweep_.due() <= message.expires)) return;
  alarms.set(sweep_, std::min(message.expires, deadline_after(now, sweep_period_max)));
}

void SiloWorker::sweep() {
  THRESHER_ASSERT(!sweep_.armed());
  const TimePoint now = scheduler().now();
  TimePoint earliest = no_deadline;
  for (MessageLink* link = pending_.front(); link != nullptr;) {
    MessageLink* const following = link->next;
    if (link->message.expires <= now) {
      end_call(link->message, CallEnd::timed_out);
    } else {
      earliest = std::min(earliest, link->message.expires);
    }
    link = following;
  }
  if (pending_.empty()) return;
  const TimePoint soonest = deadline_after(now, sweep_period_min);
  alarms.set(sweep_, std::clamp(earliest, soonest, deadline_after(now, sweep_period_max)));
}

void SiloWorker::end_call(Message& message, CallEnd end) noexcept {
  THRESHER_ASSERT(end != CallEnd::none);
  if (message.end != CallEnd::none) return;
  message.end = end;
  if (message.pending.listed) pending_.remove(message.pending);
  if (Wait* const waiter = message.waiter; waiter != nullptr) {
    scheduler().unpark(*waiter, WaitEnd::satisfied);
  }
}

void SiloWorker::come_home(Message& message) noexcept {
  THRESHER_ASSERT(!message.is_home && !message.running);
  message.is_home = true;
  if (message.abandoned) {
    THRESHER_ASSERT(!message.pending.listed);
    delete &message;
  } else if (!message.dropped) {
    end_call(message, CallEnd::answered);
  }
}

void SiloWorker::cancel_call(std::uint64_t correlation) {
  const auto at = cancellable_.find(correlation);
  if (at == cancellable_.end()) return;  // It ended before.
  Message& message = *at->second;
  THRESHER_ASSERT(message.correlation == correlation);
  cancellable_.erase(at);
  if (message.end != CallEnd::none) return;
  end_call(message, CallEnd::cancelled);
  if (message.is_home) return;
  // The flag is for a request that has not arrived yet; the visit for one that waits or runs.
  message.cancel_requested.store(true, std::memory_order_release);
  SiloWorker& to = *core.workers[core.worker_of(message.target)];
  if (&to == this) {
    cancel_request(message.target, correlation);
  } else {
    to.spawn_from_afar("cancel", [&to, grain = message.target, correlation] {
      to.cancel_request(grain, correlation);
    });
  }
}

void SiloWorker::break_pending_calls() noexcept {
  while (MessageLink* const link = pending_.front()) end_call(link->message, CallEnd::broken);
  THRESHER_ASSERT(pending_.empty());
}

void MessageInFlight::settle(Message& message) noexcept {
  THRESHER_ASSERT(!message.running);
  if (message.kind == MessageKind::timer_tick) {
    static_cast<TickMessage&>(message).timer.tick_lost();
    return;
  }
  message.is_home = true;
  message.dropped = true;
  if (message.kind == MessageKind::one_way || message.abandoned) delete &message;
}

}  // namespace thresher::runtime
