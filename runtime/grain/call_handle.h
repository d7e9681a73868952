// The caller's hold on one call: sends it, waits for its end, and lets go.
//
// Untyped, so that GrainRef and CallFuture stay thin. Belongs to the worker that made it. Dropping
// a handle drops interest, not the call: it still runs, and its answer is thrown away.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/failure.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/grain/message.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace thresher::runtime {

class SiloCore;
class SiloWorker;

/// How a call is made.
struct CallOptions {
  /// Cancels the call: not sent if cancelled before, taken out of the callee's queue if it waits
  /// there, told to the method if it runs.
  CancellationToken token{};
  /// Response timeout; zero takes the method's, or else the silo's.
  Duration timeout{0};
};

class CallHandle {
 public:
  CallHandle() noexcept = default;
  CallHandle(SiloCore& core, std::unique_ptr<Message> message, CallOptions options) noexcept;
  CallHandle(CallHandle&& other) noexcept;
  CallHandle& operator=(CallHandle&& other) noexcept;
  ~CallHandle() { release(); }

  bool valid() const noexcept { return message_ != nullptr; }
  /// Sends it through the outgoing filters and parks until it has ended.
  void call();
  /// Sends it and goes on; outgoing filters run on a fiber of their own.
  void start();
  /// Sends it as a one-way message; the handle is empty afterwards.
  void tell();
  bool ended() const noexcept;
  /// Parks until it has ended. Errors: timeout and cancelled of this wait, not of the call.
  Result<void> wait(const CancellationToken& token, TimePoint deadline);
  /// Why there is no result, null when there is one. Requires: ended().
  const CallError* failure();
  Message& message() noexcept { return *message_; }
  SiloCore& core() noexcept { return *core_; }

 private:
  friend class OutgoingChain;
  Duration timeout() const noexcept;
  void send();
  void start_filtered();
  void watch_token(SiloWorker& worker);
  void await_end(TimePoint deadline);
  bool park(const CancellationToken& token, TimePoint deadline);
  /// Lets the message go and takes another in its place.
  void replace_message(std::unique_ptr<Message> message) noexcept {
    release();
    message_ = message.release();
  }
  void release() noexcept;

  SiloCore* core_ = nullptr;
  Message* message_ = nullptr;
  CallOptions options_;
  /// How the call ended when not by an answer.
  std::optional<CallError> end_error_;
  WaitEnd wait_end_ = WaitEnd::satisfied;
  CancellationRegistration registration_;
};

/// Parks until one of `handles` has ended and gives its index (the lowest of several). Errors:
/// invalid_argument when there is none, timeout, cancelled.
Result<std::size_t> wait_for_any(std::span<CallHandle* const> handles,
                                 const CancellationToken& token, TimePoint deadline);

}  // namespace thresher::runtime
