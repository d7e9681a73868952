// A bounded channel between fibers of any workers: first in, first out, with orderly close.
// Handing over is direct: nobody overtakes a sender or receiver that waits.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace thresher::runtime {

namespace detail {

/// The untyped half: counts, waiters of both sides and the short lock that also guards the items.
class ChannelCore {
 public:
  ChannelCore(Scheduler& scheduler, const char* name, std::size_t capacity);
  ~ChannelCore();
  /// Parks until there is room and then calls `put` under the lock. Errors: timeout, cancelled,
  /// closed.
  Result<void> send(UniqueFunction<void()> put, const CancellationToken& token,
                    TimePoint deadline);
  /// Parks until there is an item and then calls `get` under the lock. Errors: timeout, cancelled,
  /// closed (and nothing is left).
  Result<void> receive(UniqueFunction<void()> get, const CancellationToken& token,
                       TimePoint deadline);
  /// `send` without waiting. Errors: overloaded (full), closed. Any thread, never parks.
  Result<void> try_send(UniqueFunction<void()> put) noexcept;
  void close() noexcept;
  std::size_t size() const noexcept;
  bool closed() const noexcept;

 private:
  struct Impl;
  Result<void> ended(WaitEnd end, const Wait& wait) const;
  std::shared_ptr<Impl> impl_;  // Shared with the fibers that wait in it.
};

}  // namespace detail

template <typename T>
class Channel {
 public:
  Channel(Scheduler& scheduler, const char* name, std::size_t capacity)
      : core_{scheduler, name, capacity} {}

  /// Errors: timeout, cancelled, closed; then `value` was not sent.
  Result<void> send(T value, const CancellationToken& token = {},
                    TimePoint deadline = no_deadline) {
    return core_.send([&] { items_.push_back(std::move(value)); }, token, deadline);
  }
  /// Errors: overloaded (full), closed.
  Result<void> try_send(T value) noexcept {
    return core_.try_send([&] { items_.push_back(std::move(value)); });
  }
  /// Errors: timeout, cancelled, closed (all items were received).
  Result<T> receive(const CancellationToken& token = {}, TimePoint deadline = no_deadline) {
    std::optional<T> value;
    THRESHER_TRY_VOID(core_.receive(
        [&] {
          value.emplace(std::move(items_.front()));
          items_.pop_front();
        },
        token, deadline));
    return std::move(*value);
  }
  /// No more sends; what is in it can still be received. Never parks.
  void close() noexcept { core_.close(); }
  std::size_t size() const noexcept { return core_.size(); }
  bool closed() const noexcept { return core_.closed(); }

 private:
  std::deque<T> items_;
  detail::ChannelCore core_;
};

}  // namespace thresher::runtime
