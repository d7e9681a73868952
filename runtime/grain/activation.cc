// The queue of an activation and the turns that come out of it.
//
// All of it runs on the activation's worker. Only turns park; everything else here runs through.
#include "thresher/runtime/grain/activation.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/incoming_chain.h"

#include <algorithm>

namespace thresher::runtime {

/// What a turn leaves behind however it is left: after an unwinding only memory is put in order,
/// since nothing may start or park any more.
class Activation::Turn {
 public:
  Turn(Activation& activation, Message& message, RequestFrame& frame) noexcept
      : activation_{activation}, message_{message} {
    message_.frame = &frame;
    activation_.scheduler().locals().request = &frame;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    if (ended_) return;
    activation_.leave_running(message_);
    MessageInFlight::settle(message_);
  }
  void end() {
    ended_ = true;
    activation_.scheduler().locals().request = nullptr;
    activation_.end_turn(message_);
  }

 private:
  Activation& activation_;
  Message& message_;
  bool ended_ = false;
};

Activation::Activation(SiloWorker& worker, GrainClass& grain_class, GrainId id,
                       ActivationId activation)
    : worker_{worker},
      class_{grain_class},
      id_{std::move(id)},
      activation_{activation},
      alarm_{[](void* self) { static_cast<Activation*>(self)->alarm_fired(); }, this, true} {
  event(EventKind::activation_created);
}

Activation::~Activation() {
  // What a world's end left: an activation in order is empty here.
  for (IntrusiveList<MessageLink>* list : {&waiting_, &running_}) {
    while (MessageLink* const link = list->pop_front()) {
      link->message.running = false;
      MessageInFlight::settle(link->message);
    }
  }
  dispose_timers();
  destroy_instance();
}

const Logger& Activation::logger() const noexcept {
  if (logger_ == nullptr) logger_ = std::make_unique<Logger>(services().probe, class_.type());
  return *logger_;
}

void Activation::event(EventKind kind, std::uint64_t b) const noexcept {
  services().probe.event({.kind = kind,
                          .subject = id_.hash(),
                          .a = activation_.value,
                          .b = b,
                          .text = id_.text().data()});
}

void Activation::receive(Message& message) {
  THRESHER_ASSERT(message.target == id_);
  if (failure_) {
    worker_.refuse(message, *failure_);
    return;
  }
  if (is_over_limit(message)) return;
  // The common case first: nothing waits and nothing runs.
  if (waiting_.empty() && may_start(message) && running_.empty()) {
    start_turn(message);
    return;
  }
  enqueue(message);
  pump();
  if (!waiting_.empty()) watch_for_stuck_turn();
}

bool Activation::is_over_limit(Message& message) {
  THRESHER_ASSERT(message.kind != MessageKind::timer_tick);
  const SiloOptions& options = core().options;
  const std::uint64_t count = waiting_.size() + running_.size() + 1;
  if (options.enqueued_requests_hard_max != 0 && count > options.enqueued_requests_hard_max) {
    worker_.refuse(message, core().failure(Errc::overloaded,
                                           "too many requests are queued at grain " +
                                               std::string{id_.text()}));
    return true;
  }
  const bool over =
      options.enqueued_requests_soft_max != 0 && count > options.enqueued_requests_soft_max;
  if (over && !over_soft_limit_) {
    logger().warning("grain " + std::string{id_.text()} + " has " + std::to_string(count) +
                     " requests, above the soft limit");
  }
  over_soft_limit_ = over;
  return false;
}

void Activation::enqueue(Message& message) {
  THRESHER_ASSERT(state_ != ActivationState::invalid);
  // Counted, so that a long queue behind a blocking request need not be walked at each arrival.
  if (is_special(message)) ++special_waiting_;
  waiting_.push_back(message.queue);
}

void Activation::dequeue(Message& message) noexcept {
  THRESHER_ASSERT(!message.running);
  waiting_.remove(message.queue);
  if (!is_special(message)) return;
  THRESHER_ASSERT(special_waiting_ > 0);
  --special_waiting_;
}

void Activation::enqueue_tick(TickMessage& tick) {
  // A tick that is due while the grain still activates waits like a request.
  THRESHER_ASSERT(!ending_);
  enqueue(tick);
  pump();
}

bool Activation::may_start(const Message& message) const noexcept {
  if (state_ == ActivationState::valid) return true;
  // Ticks still run while a deactivation waits for the running requests to end.
  return state_ == ActivationState::deactivating && !ending_ &&
         message.kind == MessageKind::timer_tick;
}

Admission Activation::admission_of(Message& message) {
  const bool chain_is_open = message.chain != 0 && section_is_open(message.chain);
  return admit(message, RunningView{running_.empty(), blocking_, chain_is_open}, class_.options());
}

void Activation::pump() {
  // In order of arrival; what may not start is stepped over, so that later requests that may
  // interleave overtake it. There is no guard against starving, as in Orleans.
  const bool only_special = only_special_requests_pass(class_.options());
  for (MessageLink* link = waiting_.front(); link != nullptr;) {
    MessageLink* const following = link->next;
    Message& message = link->message;
    if (may_start(message)) {
      switch (admission_of(message)) {
        case Admission::admit:
          dequeue(message);
          start_turn(message);
          break;
        case Admission::wait: break;
        case Admission::refuse:
          dequeue(message);
          worker_.refuse(message, core().failure(Errc::rejected, "may_interleave threw"));
          break;
      }
    }
    if (only_special && blocking_ != nullptr && special_waiting_ == 0) return;
    link = following;
  }
}

void Activation::start_turn(Message& message) {
  THRESHER_ASSERT(!message.running);
  message.running = true;
  running_.push_back(message.queue);
  if (blocking_ == nullptr && !message.always_interleaves()) {
    blocking_ = &message;
    blocking_since_ = TimePoint::min();  // The turn itself reads the clock.
  }
  worker_.spawn("turn", [this, &message] { run_turn(message); });
}

void Activation::run_turn(Message& message) {
  RequestFrame frame;
  Turn turn{*this, message, frame};
  frame.grain = this;
  frame.context = message.context;
  frame.chain = message.chain;
  const TimePoint now = scheduler().now();
  if (blocking_ == &message) blocking_since_ = now;
  if (message.cancellable) {
    frame.source.emplace(scheduler());
    frame.token = frame.source->token();
  }
  if (message.expires <= now) {
    message.dropped = true;
  } else if (message.cancel_requested.load(std::memory_order_acquire)) {
    message.failure = CallError{make_error(Errc::cancelled), nullptr, nullptr};
  } else {
    const bool holds = is_exclusive(message) && core().options.report_call_cycles;
    const ObjectId object{id_.hash()};
    if (holds) scheduler().hold(object);
    execute(message, frame);
    if (holds) scheduler().release(object);
  }
  turn.end();
}

bool Activation::is_exclusive(const Message& message) const noexcept {
  return blocking_ == &message && !message.read_only() && sections_.empty() &&
         only_special_requests_pass(class_.options());
}

void Activation::execute(Message& message, const RequestFrame& frame) {
  THRESHER_ASSERT(message.running);
  THRESHER_ASSERT(grain_ != nullptr);
  // Checked again by another path than the one that let it in: turns do not interleave unless
  // their requests or their class say so.
  THRESHER_ASSERT(blocking_ == nullptr || blocking_ == &message || running_.size() > 1);
  ran_a_request_ = true;
  core().services.probe.event({.kind = EventKind::request_started,
                               .subject = id_.hash(),
                               .a = message.correlation,
                               .b = activation_.value,
                               .text = message.method.name.data()});
  if (core().incoming_filters.empty() && grain_filter_ == nullptr) {
    invoke_method(message, frame.token);
  } else {
    IncomingChain{*this, message, frame.token}.run();
  }
  core().services.probe.event(
      {.kind = EventKind::request_ended,
       .subject = id_.hash(),
       .a = message.correlation,
       .b = message.failure ? static_cast<std::uint64_t>(message.failure->error.code) : 0,
       .text = message.method.name.data()});
}

void Activation::invoke_method(Message& message, const CancellationToken& token) {
  message.failure.reset();
  message.conflict_here = false;
  try {
    call_method(message, token);
  } catch (const FiberUnwind&) {
    throw;
  } catch (...) {
    message.failure = core().capture_current(message.conflict_here);
  }
  THRESHER_ASSERT(message.kind != MessageKind::request || message.failure || message.has_result());
}

void Activation::call_method(Message& message, const CancellationToken& token) {
  THRESHER_ASSERT(message.running && grain_ != nullptr);
  if (message.kind == MessageKind::timer_tick) {
    const Result<void> result = static_cast<TickMessage&>(message).timer.run_callback();
    if (!result) message.fail_with(result.error());
    return;
  }
  const BoundMethod* const bound = class_.find(message.method.id);
  if (bound == nullptr) {
    message.failure = core().failure(
        Errc::unsupported, "grain class '" + class_.type() + "' has no method " +
                               std::string{message.method.interface_name} + "." +
                               std::string{message.method.name});
    return;
  }
  if (core().options.verify_encoding && !message.survives_encoding(false)) {
    message.failure = core().failure(Errc::decode_failed,
                                     "the arguments of " + std::string{message.method.name} +
                                         " change when encoded and decoded");
    return;
  }
  bound->invoke(*bound, *grain_, message, token);
  if (core().options.verify_encoding && !message.failure && !message.survives_encoding(true)) {
    message.failure = core().failure(Errc::decode_failed,
                                     "the result of " + std::string{message.method.name} +
                                         " changes when encoded and decoded");
  }
}

void Activation::leave_running(Message& message) noexcept {
  THRESHER_ASSERT(message.running);
  running_.remove(message.queue);
  message.running = false;
  message.frame = nullptr;
  if (blocking_ != &message) return;
  blocking_ = nullptr;
  for (MessageLink* link = running_.front(); link != nullptr; link = link->next) {
    if (link->message.always_interleaves()) continue;
    blocking_ = &link->message;
    blocking_since_ = scheduler().now();
    return;
  }
}

void Activation::end_turn(Message& message) {
  // First out of the running ones: whoever is woken by the answer may call again at once.
  leave_running(message);
  THRESHER_ASSERT(blocking_ == nullptr || !running_.empty());
  if (message.failure && message.conflict_here) {
    deactivate({DeactivationReasonCode::application_error, "an ETag conflict escaped a request"});
  }
  if (message.kind == MessageKind::timer_tick) {
    detail::TimerState& timer = static_cast<TickMessage&>(message).timer;
    if (timer.keeps_alive()) note_used();
    if (message.failure) {
      logger().warning("a timer's callback failed: " + describe(message.failure->error));
      message.failure.reset();
    }
    timer.tick_ended();
  } else {
    note_used();
    worker_.answer(message);
  }
  go_on();
}

void Activation::go_on() {
  THRESHER_ASSERT(blocking_ == nullptr || !running_.empty());
  switch (state_) {
    case ActivationState::creating:
    case ActivationState::activating: break;
    case ActivationState::valid: pump(); break;
    case ActivationState::deactivating:
      if (running_.empty() && !ending_) {
        ending_ = true;
        ++lifecycle_fibers_;
        worker_.spawn("deactivate", [this] { run_deactivation(); });
      } else {
        pump();
      }
      break;
    case ActivationState::invalid: let_go(); break;
  }
}

bool Activation::cancel_request(std::uint64_t correlation) {
  THRESHER_ASSERT(correlation != 0);
  for (MessageLink* link = waiting_.front(); link != nullptr; link = link->next) {
    Message& message = link->message;
    if (message.correlation != correlation || message.kind == MessageKind::timer_tick) continue;
    dequeue(message);
    worker_.refuse(message, CallError{make_error(Errc::cancelled), nullptr, nullptr});
    return true;
  }
  for (MessageLink* link = running_.front(); link != nullptr; link = link->next) {
    const Message& message = link->message;
    if (message.correlation != correlation || message.kind == MessageKind::timer_tick) continue;
    // A turn that has not begun yet sees the message's flag.
    if (message.frame != nullptr && message.frame->source) message.frame->source->cancel();
    return true;
  }
  return false;
}

bool Activation::section_is_open(std::uint64_t chain) const noexcept {
  return std::find(sections_.begin(), sections_.end(), chain) != sections_.end();
}

std::uint64_t Activation::new_chain() noexcept { return worker_.new_correlation(); }

void Activation::open_section(std::uint64_t chain) {
  THRESHER_ASSERT(chain != 0);
  sections_.push_back(chain);
}

void Activation::close_section(std::uint64_t chain) noexcept {
  const auto at = std::find(sections_.begin(), sections_.end(), chain);
  THRESHER_ASSERT(at != sections_.end());
  sections_.erase(at);
}

}  // namespace thresher::runtime
