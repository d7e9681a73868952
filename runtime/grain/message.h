// One call as an object: what is sent, where it waits, and what comes back. Internal to the
// runtime; users meet it as GrainRef, CallFuture and filters.
//
// A message is made, ended and freed on its caller's worker, and travels: the caller's part
// (pending, waiter, end) is touched on the caller's worker only, the callee's part (queue, running,
// result, failure) only on the callee's, and it goes home after the callee has done with it. So
// nothing in it needs a lock, but for one flag that asks for cancellation.
#pragma once

#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/codec/failure.h"
#include "thresher/runtime/codec/interface.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/grain/grain_id.h"
#include "thresher/runtime/grain/message_pool.h"
#include "thresher/runtime/grain/request_context.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <typeinfo>

namespace thresher::runtime {

class Message;
struct RequestFrame;

/// A message's place in one list.
struct MessageLink {
  explicit MessageLink(Message& owner) noexcept : message{owner} {}
  MessageLink* next = nullptr;
  MessageLink* previous = nullptr;
  bool listed = false;
  Message& message;
};

enum class MessageKind : std::uint8_t {
  request,     ///< The caller waits for an answer.
  one_way,     ///< Nobody waits; freed by the callee.
  timer_tick,  ///< Owned by its timer; never leaves its activation.
};

/// How a call ended for its caller.
enum class CallEnd : std::uint8_t {
  none,
  answered,
  timed_out,
  cancelled,
  broken,  ///< The silo ended.
};

class Message {
 public:
  Message(MessageKind message_kind, const MethodInfo& method_info) noexcept
      : method{method_info}, kind{message_kind} {}
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  virtual ~Message() = default;

  /// From the pool, to which `delete` gives the memory back: on the pool's worker only.
  static void* operator new(std::size_t size, MessagePool& pool);
  static void operator delete(void* at, MessagePool& pool) noexcept;
  /// From the heap, for messages that are freed on another worker.
  static void* operator new(std::size_t size);
  static void operator delete(void* at) noexcept;

  /// The i-th argument, or null when there is none of that type there.
  virtual void* argument(std::size_t index, const std::type_info& type) noexcept = 0;
  /// The result's place, made if it was empty; null when the method's result is of another type.
  virtual void* result_place(const std::type_info& type) = 0;
  virtual bool has_result() const noexcept = 0;
  /// Encodes, decodes and compares the arguments, or the result; false when they differ.
  virtual bool survives_encoding(bool of_result) const = 0;
  /// A fresh message with a copy of the arguments. Null when it cannot be copied (timer ticks).
  virtual std::unique_ptr<Message> copy_request() const = 0;
  /// Takes the other's result. Requires: the same type.
  virtual void take_result(Message& other) = 0;

  /// What a method's Result<R> gave. An ETag conflict given so is one of this activation's own.
  void fail_with(const Error& error) {
    conflict_here = error.code == Errc::inconsistent_state;
    failure = CallError{error, nullptr, nullptr};
  }
  /// A failure that came from another call, or from the runtime.
  void fail_with(CallError error) { failure = std::move(error); }

  bool read_only() const noexcept { return method.attributes.read_only; }
  bool always_interleaves() const noexcept { return method.attributes.always_interleave; }
  bool wants_answer() const noexcept { return kind == MessageKind::request; }

  // Set by the caller before sending; constant afterwards.
  const MethodInfo method;
  GrainId target;
  RequestContext context;
  /// The id of the call chain's reentrant section, 0 for none.
  std::uint64_t chain = 0;
  /// Unique within a silo.
  std::uint64_t correlation = 0;
  /// The caller's timeout as an instant: past it the message is dropped wherever it is.
  TimePoint expires = no_deadline;
  WorkerId home_worker{};
  MessageKind kind;
  bool cancellable = false;
  /// The arguments are needed again (filters): methods get copies of them.
  bool keeps_arguments = false;
  /// Set by the caller while the callee has it; read there.
  std::atomic<bool> cancel_requested{false};

  // The caller's part.
  MessageLink pending{*this};
  Wait* waiter = nullptr;
  CallEnd end = CallEnd::none;
  /// Not sent, or sent and come back: the callee has done with it.
  bool is_home = true;
  /// Nobody holds it any more: free it when it comes home.
  bool abandoned = false;

  // The callee's part.
  MessageLink queue{*this};
  RequestFrame* frame = nullptr;
  bool running = false;
  /// It came home without an answer (expired on its way): the caller's timeout ends it.
  bool dropped = false;
  /// The failure is an ETag conflict of the activation that ran it.
  bool conflict_here = false;
  std::uint8_t forward_count = 0;
  /// Why there is no result.
  std::optional<CallError> failure;
};

}  // namespace thresher::runtime
