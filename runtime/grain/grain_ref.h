// Typed references to grains, and calls through them.
//
// A reference is a value: made locally without any I/O, equal to another when their grains are
// equal (the interface is no part of that). Usable on any fiber of the silo, in a grain or outside.
//
//   CallResult<std::int64_t> sum = counter.call(ICounter::add, 5);          // parks
//   auto future = counter.start(ICounter::add, 5);                          // does not
//   counter.tell(ICounter::add, 5);                                         // no answer
//   counter.with({.token = token}).call(ICounter::add, 5);
//
// Calls are made at most once and are never retried by the runtime; two calls of one caller have no
// order. A `timeout` means that the outcome is unknown.
#pragma once

#include "thresher/runtime/grain/call_future.h"
#include "thresher/runtime/grain/call_handle.h"
#include "thresher/runtime/grain/call_message.h"
#include "thresher/runtime/grain/grain_key.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace thresher::runtime {

class SiloCore;

namespace detail {
/// The pool of the calling worker, or null when a one-way message to `target` leaves the worker.
MessagePool* pool_for(SiloCore& core, const GrainId& target, MessageKind kind);
/// The grain id for an interface and key. Errors: configuration when no class or several serve it.
Result<GrainId> resolve(SiloCore& core, InterfaceId interface_id, std::string_view interface_name,
                        std::string_view class_type, std::string_view key);

template <typename M, typename... Given>
std::unique_ptr<Message> make_message(SiloCore& core, const GrainId& target, MessageKind kind,
                                      const M& method, Given&&... given) {
  static_assert(M::template takes<Given...>, "these are not the method's arguments");
  if (method.attributes().one_way) kind = MessageKind::one_way;
  MessagePool* const pool = pool_for(core, target, kind);
  Message* const made =
      pool != nullptr
          ? new (*pool) CallMessage<M>{kind, method.info(), std::forward<Given>(given)...}
          : new CallMessage<M>{kind, method.info(), std::forward<Given>(given)...};
  made->target = target;
  return std::unique_ptr<Message>{made};
}
}  // namespace detail

/// Calls one grain with given options; made by GrainRef, used at once.
template <GrainInterface I>
class GrainCaller {
 public:
  GrainCaller(SiloCore& core, const GrainId& id, CallOptions options) noexcept
      : core_{core}, id_{id}, options_{std::move(options)} {}

  /// Sends, parks, and gives the result, a copy. A one-way method gives success at once.
  template <MethodOf<I> M, typename... Given>
  CallResult<typename M::Result> call(const M& method, Given&&... given) {
    if constexpr (std::is_void_v<typename M::Result>) {
      if (method.attributes().one_way) {
        tell(method, std::forward<Given>(given)...);
        return {};
      }
    }
    CallHandle handle = made(MessageKind::request, method, std::forward<Given>(given)...);
    handle.call();
    return detail::outcome<typename M::Result, true>(handle);
  }
  /// Sends and gives the future. Requires: the method is not one-way.
  template <MethodOf<I> M, typename... Given>
  [[nodiscard]] CallFuture<typename M::Result> start(const M& method, Given&&... given) {
    THRESHER_ASSERT(!method.attributes().one_way);
    CallHandle handle = made(MessageKind::request, method, std::forward<Given>(given)...);
    handle.start();
    return CallFuture<typename M::Result>{std::move(handle)};
  }
  /// Sends; no answer, no failure, no timeout.
  template <MethodOf<I> M, typename... Given>
  void tell(const M& method, Given&&... given) {
    made(MessageKind::one_way, method, std::forward<Given>(given)...).tell();
  }

 private:
  template <typename M, typename... Given>
  CallHandle made(MessageKind kind, const M& method, Given&&... given) {
    return CallHandle{
        core_, detail::make_message(core_, id_, kind, method, std::forward<Given>(given)...),
        std::move(options_)};
  }

  SiloCore& core_;
  const GrainId& id_;
  CallOptions options_;
};

template <GrainInterface I>
class GrainRef {
 public:
  using Interface = I;

  /// Refers to nothing; calling through it asserts.
  GrainRef() noexcept = default;
  GrainRef(SiloCore& core, GrainId id) noexcept : core_{&core}, id_{std::move(id)} {}

  const GrainId& id() const noexcept { return id_; }
  /// The same grain by another interface; nothing is checked.
  template <GrainInterface Other>
  GrainRef<Other> as() const noexcept {
    return GrainRef<Other>{*core_, id_};
  }

  /// The same calls with a token or a timeout.
  GrainCaller<I> with(CallOptions options) const noexcept {
    THRESHER_ASSERT(core_ != nullptr);
    return GrainCaller<I>{*core_, id_, std::move(options)};
  }
  template <MethodOf<I> M, typename... Given>
  CallResult<typename M::Result> call(const M& method, Given&&... given) const {
    return with({}).call(method, std::forward<Given>(given)...);
  }
  template <MethodOf<I> M, typename... Given>
  [[nodiscard]] CallFuture<typename M::Result> start(const M& method, Given&&... given) const {
    return with({}).start(method, std::forward<Given>(given)...);
  }
  template <MethodOf<I> M, typename... Given>
  void tell(const M& method, Given&&... given) const {
    with({}).tell(method, std::forward<Given>(given)...);
  }

  template <GrainInterface Other>
  friend bool operator==(const GrainRef& a, const GrainRef<Other>& b) noexcept {
    return a.id() == b.id();
  }

 private:
  SiloCore* core_ = nullptr;
  GrainId id_;
};

/// The reference by interface and key. Errors: configuration when no class or several serve the
/// interface and `class_type` does not name one.
template <GrainInterface I>
Result<GrainRef<I>> find_grain(SiloCore& core, const KeyOf<I>& key,
                               std::string_view class_type = {}) {
  THRESHER_TRY(id, detail::resolve(core, I::interface_id, I::interface_name, class_type,
                                   key_text(key)));
  return GrainRef<I>{core, std::move(id)};
}

/// The same; throws ErrorException.
template <GrainInterface I>
GrainRef<I> get_grain(SiloCore& core, const KeyOf<I>& key, std::string_view class_type = {}) {
  return find_grain<I>(core, key, class_type).value();
}

}  // namespace thresher::runtime
