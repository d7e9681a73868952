// A value or an error, named as std::expected of C++23, which g++ 12 does not have in C++20.
//
// Differences on purpose: `value()` on an error calls `throw_bad_access(error)`, found by argument
// lookup, so that each error type decides what is thrown; reading the wrong side otherwise asserts.
// Only copyable or movable object types and void are supported; no references.
#pragma once

#include "thresher/runtime/base/assert.h"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

/// Marks a value as the error side.
template <typename E>
class Unexpected {
 public:
  constexpr explicit Unexpected(E error) : error_{std::move(error)} {}
  constexpr const E& error() const& noexcept { return error_; }
  constexpr E&& error() && noexcept { return std::move(error_); }

 private:
  E error_;
};

template <typename E>
Unexpected(E) -> Unexpected<E>;

/// A T, or an E that says why there is none.
template <typename T, typename E>
class [[nodiscard]] Expected {
 public:
  using value_type = T;
  using error_type = E;

  constexpr Expected()
    requires std::is_default_constructible_v<T>
      : state_{std::in_place_index<0>} {}
  template <typename U = T>
    requires(std::is_constructible_v<T, U &&> &&
             !std::is_same_v<std::remove_cvref_t<U>, Expected> &&
             !std::is_same_v<std::remove_cvref_t<U>, Unexpected<E>>)
  constexpr Expected(U&& value) : state_{std::in_place_index<0>, std::forward<U>(value)} {}
  constexpr Expected(Unexpected<E> unexpected)
      : state_{std::in_place_index<1>, std::move(unexpected).error()} {}

  constexpr bool has_value() const noexcept { return state_.index() == 0; }
  constexpr explicit operator bool() const noexcept { return has_value(); }

  /// The value; on an error throws what `throw_bad_access` of the error's namespace throws.
  constexpr T& value() & {
    require_value();
    return *std::get_if<0>(&state_);
  }
  constexpr const T& value() const& {
    require_value();
    return *std::get_if<0>(&state_);
  }
  constexpr T&& value() && {
    require_value();
    return std::move(*std::get_if<0>(&state_));
  }

  /// The value. Requires: has_value(). For macros and code that has just checked.
  constexpr T&& value_unchecked() && {
    THRESHER_ASSERT(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  constexpr T& operator*() & {
    THRESHER_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  constexpr const T& operator*() const& {
    THRESHER_ASSERT(has_value());
    return *std::get_if<0>(&state_);
  }
  constexpr T&& operator*() && { return std::move(*this).value_unchecked(); }
  constexpr T* operator->() { return std::addressof(**this); }
  constexpr const T* operator->() const { return std::addressof(**this); }

  /// The error. Requires: !has_value().
  constexpr const E& error() const& {
    THRESHER_ASSERT(!has_value());
    return *std::get_if<1>(&state_);
  }
  constexpr E&& error() && {
    THRESHER_ASSERT(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

  template <typename U>
  constexpr T value_or(U&& other) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(other));
  }
  template <typename U>
  constexpr T value_or(U&& other) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(other));
  }

  /// `function(value)`, which gives an Expected, or this error.
  template <typename F>
  constexpr auto and_then(F&& function) && -> std::invoke_result_t<F, T&&> {
    if (!has_value()) return Unexpected<E>{std::move(*this).error()};
    return std::forward<F>(function)(*std::move(*this));
  }
  /// An Expected of `function(value)`, or this error.
  template <typename F>
  constexpr auto transform(F&& function) && -> Expected<std::invoke_result_t<F, T&&>, E> {
    if (!has_value()) return Unexpected<E>{std::move(*this).error()};
    if constexpr (std::is_void_v<std::invoke_result_t<F, T&&>>) {
      std::forward<F>(function)(*std::move(*this));
      return {};
    } else {
      return std::forward<F>(function)(*std::move(*this));
    }
  }
  /// This value, or `function(error)`, which gives an Expected of the same type.
  template <typename F>
  constexpr Expected or_else(F&& function) && {
    if (has_value()) return std::move(*this);
    return std::forward<F>(function)(std::move(*this).error());
  }
  /// This value, or the error that `function(error)` makes of this one.
  template <typename F>
  constexpr auto transform_error(F&& function) && -> Expected<T, std::invoke_result_t<F, E&&>> {
    if (has_value()) return *std::move(*this);
    return Unexpected{std::forward<F>(function)(std::move(*this).error())};
  }

  friend constexpr bool operator==(const Expected& a, const Expected& b) {
    return a.state_ == b.state_;
  }

 private:
  constexpr void require_value() const {
    if (!has_value()) throw_bad_access(*std::get_if<1>(&state_));
  }

  std::variant<T, E> state_;
};

/// Success without a value, or an E.
template <typename E>
class [[nodiscard]] Expected<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  constexpr Expected() noexcept = default;
  constexpr Expected(Unexpected<E> unexpected) : error_{std::move(unexpected).error()} {}

  constexpr bool has_value() const noexcept { return !error_.has_value(); }
  constexpr explicit operator bool() const noexcept { return has_value(); }
  constexpr void value() const {
    if (error_) throw_bad_access(*error_);
  }
  constexpr void value_unchecked() const { THRESHER_ASSERT(has_value()); }
  constexpr const E& error() const& {
    THRESHER_ASSERT(!has_value());
    return *error_;
  }
  template <typename F>
  constexpr auto and_then(F&& function) && -> std::invoke_result_t<F> {
    if (error_) return Unexpected<E>{*error_};
    return std::forward<F>(function)();
  }
  template <typename F>
  constexpr Expected or_else(F&& function) && {
    if (!error_) return {};
    return std::forward<F>(function)(*error_);
  }
  friend constexpr bool operator==(const Expected& a, const Expected& b) {
    return a.error_ == b.error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace thresher::runtime
