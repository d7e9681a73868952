// The callee's side of a worker: activations, answers, collection.
//
// Runs on the worker; only `wait_until_empty` parks.
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"
#include "thresher/runtime/grain/activation.h"
#include "thresher/runtime/grain/silo_worker.h"


namespace thresher::runtime {

void SiloWorker::deliver(Message& message) {
  THRESHER_ASSERT(core.worker_of(message.target) == id_.value);
  Activation* activation = table_.find(message.target);
  if (activation == nullptr) activation = create(message);
  if (activation != nullptr) activation->receive(message);
}

Activation* SiloWorker::create(Message& message) {
  THRESHER_ASSERT(table_.find(message.target) == nullptr);
  if (core.status() != SiloStatus::running) {
    refuse(message, core.failure(Errc::rejected, "the silo is not running: no new activations"));
    return nullptr;
  }
  GrainClass* const grain_class = core.find_class(message.target.type());
  if (grain_class == nullptr) {
    refuse(message, core.failure(Errc::not_found, "no grain class of type '" +
                                                      std::string{message.target.type()} + "'"));
    return nullptr;
  }
  const std::uint64_t silo = combine(hash_name(core.options.address.endpoint),
                                     core.options.address.generation);
  const ActivationId id{combine(silo, std::uint64_t{id_.value} << 48 | ++activation_next_)};
  auto* const made = new Activation{*this, *grain_class, message.target, id};
  activations_.push_back(*made);
  table_.insert(*made);
  made->in_catalog = true;
  ++live_;
  core.activation_count.fetch_add(1, std::memory_order_relaxed);
  if (!collector_.armed()) collector_tick();
  made->begin(message);
  return made;
}

void SiloWorker::cancel_request(const GrainId& grain, std::uint64_t correlation) {
  THRESHER_ASSERT(core.worker_of(grain) == id_.value);
  Activation* const current = table_.find(grain);
  if (current != nullptr && current->cancel_request(correlation)) return;
  // A zombie is out of the table and may still run it.
  if (activations_.size() == table_.size()) return;
  for (Activation* at = activations_.front(); at != nullptr; at = at->next) {
    if (at->id() == grain && at->cancel_request(correlation)) return;
  }
}

void SiloWorker::answer(Message& message) {
  THRESHER_ASSERT(!message.running && !message.queue.listed);
  if (message.kind == MessageKind::one_way) {
    delete &message;
    return;
  }
  if (message.home_worker == id_) {
    come_home(message);
    return;
  }
  SiloWorker& home = *core.workers[message.home_worker.value];
  home.spawn_from_afar("answer", [&home, flight = MessageInFlight{message}]() mutable {
    home.come_home(flight.arrive());
  });
}

void SiloWorker::refuse(Message& message, CallError error) {
  THRESHER_ASSERT(!message.running);
  core.services.probe.event({.kind = EventKind::request_rejected,
                             .subject = message.target.hash(),
                             .a = message.correlation,
                             .b = static_cast<std::uint64_t>(error.error.code),
                             .text = message.method.name.data()});
  if (message.kind == MessageKind::timer_tick) {
    static_cast<TickMessage&>(message).timer.tick_ended();
    return;
  }
  message.failure = std::move(error);
  answer(message);
}

void SiloWorker::remove_from_catalog(Activation& activation) noexcept {
  THRESHER_ASSERT(activation.in_catalog);
  activation.in_catalog = false;
  table_.erase(activation);
}

void SiloWorker::forget(Activation& activation) noexcept {
  THRESHER_ASSERT(!activation.in_catalog);
  activations_.remove(activation);
}

void SiloWorker::note_ended() noexcept {
  THRESHER_ASSERT(live_ > 0);
  core.activation_count.fetch_sub(1, std::memory_order_relaxed);
  if (--live_ == 0 && emptied_ != nullptr) scheduler().unpark(*emptied_, WaitEnd::satisfied);
}

Activation* SiloWorker::next_of(const Activation& activation) noexcept { return activation.next; }

void SiloWorker::start() {
  THRESHER_ASSERT(scheduler().current_worker() == id_);
  spawn("silo.alarms", [this] { alarms.run(); }, /*background=*/true);
}

void SiloWorker::wait_until_empty(TimePoint deadline) {
  THRESHER_ASSERT(emptied_ == nullptr);
  while (live_ > 0) {
    struct Registered {
      SiloWorker& worker;
      ~Registered() { worker.emptied_ = nullptr; }
    };
    Wait wait{Operation{.verb = "wait", .name = "silo.stop"}};
    emptied_ = &wait;
    const Registered registered{*this};
    if (scheduler().park_until(wait, deadline) == WaitEnd::timed_out) return;
  }
}

void SiloWorker::collector_tick() {
  // Idle times are counted from the look that follows the last use: between one age and one age
  // and a quantum, for which a request needs to read no clock.
  const TimePoint now = scheduler().now();
  if (collector_horizon_ != TimePoint{}) collect(nullptr);
  collector_horizon_ = deadline_after(now, core.options.collection_quantum);
  if (!activations_.empty()) alarms.set(collector_, collector_horizon_);
}

void SiloWorker::collect(const Duration* age) {
  THRESHER_ASSERT(age == nullptr || *age >= Duration{0});
  const TimePoint now = scheduler().now();
  for_each_activation([&](Activation& activation) { activation.collect_if_idle(now, age); });
}

}  // namespace thresher::runtime
