// A move-only callable with an inline buffer: std::move_only_function of C++23, which g++ 12 has
// not in C++20. Bodies up to `inline_bytes` are stored without allocating, so that spawning a fiber
// or running a turn touches no allocator.
#pragma once

#include "thresher/runtime/base/assert.h"

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace thresher::runtime {

template <typename Signature>
class UniqueFunction;

/// Owns one callable; empty when default made or moved from. Calling an empty one asserts.
template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  static constexpr std::size_t inline_bytes = 48;

  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}
  template <typename F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, F&, Args...>)
  UniqueFunction(F&& function) {
    using Callable = std::decay_t<F>;
    if constexpr (fits<Callable>) {
      ::new (static_cast<void*>(buffer_)) Callable(std::forward<F>(function));
      table_ = &inline_table<Callable>;
    } else {
      ::new (static_cast<void*>(buffer_)) Callable*(new Callable(std::forward<F>(function)));
      table_ = &heap_table<Callable>;
    }
  }
  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      reset();
      take(other);
    }
    return *this;
  }
  UniqueFunction(const UniqueFunction&) = delete;
  UniqueFunction& operator=(const UniqueFunction&) = delete;
  ~UniqueFunction() { reset(); }

  explicit operator bool() const noexcept { return table_ != nullptr; }

  R operator()(Args... args) {
    THRESHER_ASSERT(table_ != nullptr);
    return table_->call(buffer_, std::forward<Args>(args)...);
  }

  /// Destroys the callable.
  void reset() noexcept {
    if (table_ != nullptr) std::exchange(table_, nullptr)->destroy(buffer_);
  }

 private:
  struct Table {
    R (*call)(void*, Args&&...);
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <typename C>
  static constexpr bool fits = sizeof(C) <= inline_bytes &&
                               alignof(C) <= alignof(std::max_align_t) &&
                               std::is_nothrow_move_constructible_v<C>;

  template <typename C>
  static constexpr Table inline_table{
      [](void* at, Args&&... args) -> R {
        return (*static_cast<C*>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept {
        ::new (to) C(std::move(*static_cast<C*>(from)));
        static_cast<C*>(from)->~C();
      },
      [](void* at) noexcept { static_cast<C*>(at)->~C(); }};

  template <typename C>
  static constexpr Table heap_table{
      [](void* at, Args&&... args) -> R {
        return (**static_cast<C**>(at))(std::forward<Args>(args)...);
      },
      [](void* from, void* to) noexcept { ::new (to) C*(*static_cast<C**>(from)); },
      [](void* at) noexcept { delete *static_cast<C**>(at); }};

  void take(UniqueFunction& other) noexcept {
    table_ = std::exchange(other.table_, nullptr);
    if (table_ != nullptr) table_->move(other.buffer_, buffer_);
  }

  alignas(std::max_align_t) std::byte buffer_[inline_bytes];
  const Table* table_ = nullptr;
};

/// A body to run once.
using Task = UniqueFunction<void()>;

}  // namespace thresher::runtime
