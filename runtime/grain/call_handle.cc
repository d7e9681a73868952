// Sending a call, waiting for its end, letting it go. A handle is used by one fiber at a time, on
// the worker that made it.
#include "thresher/runtime/grain/call_handle.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/outgoing_chain.h"
#include "thresher/runtime/grain/request_frame.h"
#include "thresher/runtime/grain/silo_worker.h"

#include <vector>

namespace thresher::runtime {

CallHandle::CallHandle(SiloCore& core, std::unique_ptr<Message> message,
                       CallOptions options) noexcept
    : core_{&core}, message_{message.release()}, options_{std::move(options)} {
  const RequestFrame* const frame = RequestFrame::current(core_->services.scheduler);
  if (frame != nullptr) {
    message_->context = frame->context;
    message_->chain = frame->chain;
  }
}

CallHandle::CallHandle(CallHandle&& other) noexcept
    : core_{other.core_},
      message_{std::exchange(other.message_, nullptr)},
      options_{std::move(other.options_)},
      end_error_{std::move(other.end_error_)},
      registration_{std::move(other.registration_)} {}

CallHandle& CallHandle::operator=(CallHandle&& other) noexcept {
  if (this != &other) {
    release();
    core_ = other.core_;
    message_ = std::exchange(other.message_, nullptr);
    options_ = std::move(other.options_);
    end_error_ = std::move(other.end_error_);
    registration_ = std::move(other.registration_);
  }
  return *this;
}

void CallHandle::call() {
  if (core_->outgoing_filters.empty()) {
    send();
    await_end(no_deadline);
  } else {
    OutgoingChain{*this}.run();
  }
  THRESHER_ASSERT(ended());
}

void CallHandle::start() {
  THRESHER_ASSERT(valid() && !ended());
  if (core_->outgoing_filters.empty()) {
    send();
  } else {
    start_filtered();
  }
}

void CallHandle::tell() {
  THRESHER_ASSERT(message_->kind == MessageKind::one_way);
  if (core_->outgoing_filters.empty()) {
    send();
  } else {
    OutgoingChain{*this}.run();
  }
  release();
}

Duration CallHandle::timeout() const noexcept {
  THRESHER_ASSERT(options_.timeout >= Duration{0});
  if (options_.timeout != Duration{0}) return options_.timeout;
  const Duration of_method = message_->method.attributes.response_timeout;
  return of_method != Duration{0} ? of_method : core_->options.response_timeout;
}

void CallHandle::send() {
  THRESHER_ASSERT(message_->is_home && message_->end == CallEnd::none);
  core_->services.scheduler.touch(Operation{.verb = "send",
                                            .name = message_->method.name.data(),
                                            .object = ObjectId{message_->target.hash()}});
  SiloWorker& worker = core_->here();
  if (options_.token.is_cancelled()) {
    message_->end = CallEnd::cancelled;
    return;
  }
  if (core_->status() == SiloStatus::stopped || core_->status() == SiloStatus::created) {
    message_->end = CallEnd::broken;
    return;
  }
  message_->cancellable = message_->wants_answer() && options_.token.can_be_cancelled();
  worker.stamp_timeout(*message_, timeout());
  if (message_->kind == MessageKind::one_way) {
    worker.send(*std::exchange(message_, nullptr));
    return;
  }
  worker.send(*message_);
  if (message_->cancellable && !ended()) watch_token(worker);
}

void CallHandle::watch_token(SiloWorker& worker) {
  THRESHER_ASSERT(message_->cancellable);
  worker.watch_cancellation(*message_);
  registration_ = options_.token.on_cancel(
      [hold = CoreHold{*core_}, core = core_, correlation = message_->correlation] {
        core->here().cancel_call(correlation);
      });
}

void CallHandle::start_filtered() {
  // The message of the future never travels: a copy goes through the filters on a fiber of its own,
  // and its outcome is brought home into this one.
  std::unique_ptr<Message> copy = message_->copy_request();
  copy->target = message_->target;
  CallHandle inner{*core_, std::move(copy), options_};
  SiloWorker& worker = core_->here();
  message_->is_home = false;
  message_->home_worker = worker.id();
  worker.spawn("filtered call", [&worker, inner = std::make_unique<CallHandle>(std::move(inner)),
                                 outer = MessageInFlight{*message_}]() mutable {
    RequestFrame frame;
    frame.context = inner->message().context;
    frame.chain = inner->message().chain;
    worker.scheduler().locals().request = &frame;
    inner->call();
    Message& home = outer.arrive();
    if (const CallError* const error = inner->failure(); error != nullptr) {
      home.failure = *error;
    } else {
      home.take_result(inner->message());
    }
    worker.come_home(home);
  });
}

bool CallHandle::ended() const noexcept {
  THRESHER_ASSERT(message_ != nullptr);
  return message_->end != CallEnd::none;
}

void CallHandle::await_end(TimePoint deadline) {
  while (!ended()) {
    if (!park({}, deadline)) return;
  }
}

bool CallHandle::park(const CancellationToken& token, TimePoint deadline) {
  struct Registered {
    Message& message;
    ~Registered() { message.waiter = nullptr; }
  };
  THRESHER_ASSERT(message_->waiter == nullptr);
  THRESHER_ASSERT(message_->home_worker == core_->services.scheduler.current_worker());
  Scheduler& scheduler = core_->services.scheduler;
  // What passes the running requests waits for no grain, so it is no part of a cycle.
  const bool passes = message_->always_interleaves() || message_->chain != 0;
  Wait wait{Operation{.verb = "call",
                      .name = message_->target.text().data(),
                      .object = passes ? ObjectId{} : ObjectId{message_->target.hash()}}};
  message_->waiter = &wait;
  const Registered registered{*message_};
  const WaitEnd end = token.can_be_cancelled() ? token.park(scheduler, wait, deadline)
                                               : scheduler.park_until(wait, deadline);
  wait_end_ = end;
  return end == WaitEnd::satisfied;
}

Result<void> CallHandle::wait(const CancellationToken& token, TimePoint deadline) {
  THRESHER_ASSERT(valid());
  while (!ended()) {
    if (park(token, deadline)) continue;
    return fail(wait_end_ == WaitEnd::cancelled ? Errc::cancelled : Errc::timeout);
  }
  return {};
}

const CallError* CallHandle::failure() {
  THRESHER_ASSERT(ended());
  const auto ended_with = [this](Errc code) {
    end_error_ = CallError{make_error(code), nullptr, nullptr};
    return &*end_error_;
  };
  switch (message_->end) {
    case CallEnd::none: break;
    case CallEnd::answered: return message_->failure ? &*message_->failure : nullptr;
    case CallEnd::timed_out: return ended_with(Errc::timeout);
    case CallEnd::cancelled: return ended_with(Errc::cancelled);
    case CallEnd::broken: return ended_with(Errc::process_gone);
  }
  THRESHER_UNREACHABLE();
}

void CallHandle::release() noexcept {
  if (message_ == nullptr) return;
  Message& message = *std::exchange(message_, nullptr);
  THRESHER_ASSERT(message.waiter == nullptr);
  if (message.cancellable) {
    core_->workers[message.home_worker.value]->forget_cancellation(message.correlation);
    registration_ = CancellationRegistration{};
  }
  if (message.pending.listed) core_->workers[message.home_worker.value]->stop_waiting_for(message);
  if (message.is_home) {
    delete &message;
  } else {
    message.abandoned = true;
  }
}

Result<std::size_t> wait_for_any(std::span<CallHandle* const> handles,
                                 const CancellationToken& token, TimePoint deadline) {
  if (handles.empty()) return fail(Errc::invalid_argument);
  while (true) {
    for (std::size_t i = 0; i < handles.size(); ++i) {
      if (handles[i]->ended()) return i;
    }
    struct Registered {
      std::span<CallHandle* const> all;
      Registered(std::span<CallHandle* const> given, Wait& wait) : all{given} {
        for (CallHandle* handle : all) handle->message().waiter = &wait;
      }
      ~Registered() {
        for (CallHandle* handle : all) handle->message().waiter = nullptr;
      }
    };
    Wait wait{Operation{.verb = "call", .name = "any of several"}};
    const Registered registered{handles, wait};
    const WaitEnd end = token.park(handles[0]->core().services.scheduler, wait, deadline);
    if (end == WaitEnd::cancelled) return fail(Errc::cancelled);
    if (end == WaitEnd::timed_out) return fail(Errc::timeout);
  }
}

}  // namespace thresher::runtime
