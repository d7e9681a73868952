// Copying a value as a call would: what the callee gets shares nothing with what the caller keeps.
//
// A struct is copied by its list of fields, so that a member that is not listed does not travel on
// a local call either (it has its default there, as after a remote one). Structs that are trivially
// copyable are copied whole, since that is 20 times faster and they own nothing.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/codec/encodable.h"

#include <tuple>
#include <type_traits>
#include <utility>

namespace thresher::runtime {

/// A deep copy of `value` as a call passes it.
template <typename T>
T copy_value(const T& value);

namespace detail {

/// True when the copy constructor copies no more than the listed fields could.
template <typename T>
struct PlainCopy : std::bool_constant<kind_of<T> <= Kind::bytes || kind_of<T> == Kind::duration ||
                                      kind_of<T> == Kind::time_point || kind_of<T> == Kind::unit ||
                                      std::is_trivially_copyable_v<T>> {};
template <typename T>
struct PlainCopy<std::vector<T>> : PlainCopy<T> {};
template <typename T>
struct PlainCopy<std::optional<T>> : PlainCopy<T> {};
template <typename T, std::size_t N>
struct PlainCopy<std::array<T, N>> : PlainCopy<T> {};
template <typename... T>
struct PlainCopy<std::tuple<T...>> : std::conjunction<PlainCopy<T>...> {};
template <typename A, typename B>
struct PlainCopy<std::pair<A, B>> : std::conjunction<PlainCopy<A>, PlainCopy<B>> {};
template <typename... T>
struct PlainCopy<std::variant<T...>> : std::conjunction<PlainCopy<T>...> {};
template <typename K, typename V>
struct PlainCopy<std::map<K, V>> : std::conjunction<PlainCopy<K>, PlainCopy<V>> {};
template <typename K>
struct PlainCopy<std::set<K>> : PlainCopy<K> {};
template <typename T>
struct PlainCopy<Expected<T, Error>> : PlainCopy<T> {};
template <>
struct PlainCopy<Expected<void, Error>> : std::true_type {};

template <typename T>
T copy_fields(const T& value) {
  T copy{};
  each_field<T>([&](const auto& listed) {
    copy.*(listed.member) = copy_value(value.*(listed.member));
    return true;
  });
  return copy;
}

template <typename T, std::size_t I = 0>
T copy_variant(const T& value) {
  if (value.index() == I) return T{std::in_place_index<I>, copy_value(*std::get_if<I>(&value))};
  if constexpr (I + 1 < std::variant_size_v<T>) {
    return copy_variant<T, I + 1>(value);
  } else {
    THRESHER_UNREACHABLE();
  }
}

template <Kind kind, typename T>
T copy_nested(const T& value) {
  if constexpr (kind == Kind::fields) {
    return copy_fields(value);
  } else if constexpr (kind == Kind::optional) {
    return value ? T{copy_value(*value)} : T{};
  } else if constexpr (kind == Kind::result) {
    return value ? T{copy_value(*value)} : T{Unexpected{value.error()}};
  } else if constexpr (kind == Kind::tuple) {
    return std::apply([](const auto&... part) { return T{copy_value(part)...}; }, value);
  } else if constexpr (kind == Kind::variant) {
    return copy_variant(value);
  } else if constexpr (kind == Kind::map) {
    T copy;
    for (const auto& [key, mapped] : value) {
      copy.emplace_hint(copy.end(), copy_value(key), copy_value(mapped));
    }
    return copy;
  } else if constexpr (kind == Kind::set) {
    T copy;
    for (const auto& key : value) copy.insert(copy.end(), copy_value(key));
    return copy;
  } else if constexpr (kind == Kind::array) {
    T copy{};
    for (std::size_t i = 0; i < value.size(); ++i) copy[i] = copy_value(value[i]);
    return copy;
  } else {
    T copy;
    copy.reserve(value.size());
    for (const auto& element : value) copy.push_back(copy_value(element));
    return copy;
  }
}

}  // namespace detail

template <typename T>
T copy_value(const T& value) {
  require_encodable<T>();
  if constexpr (detail::PlainCopy<T>::value) {
    return value;
  } else {
    return detail::copy_nested<detail::kind_of<T>>(value);
  }
}

}  // namespace thresher::runtime
