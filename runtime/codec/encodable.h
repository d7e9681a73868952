// Which types can cross a call, a storage provider or a process: the concept Encodable.
//
// Values only: no pointers, no references, no unordered containers (their order is not the same in
// two runs), no floating-point keys (NaN has no place in an order). A struct becomes encodable by
// listing its fields (fields.h); its members are checked when it is first encoded, so that a type
// may contain a vector of itself.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/bytes.h"
#include "thresher/runtime/codec/fields.h"

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace thresher::runtime {

namespace detail {

/// How a type is encoded; `none` is not at all.
enum class Kind : std::uint8_t {
  none, boolean, integer, floating, enumeration, string, bytes, list, array, optional, tuple, map,
  set, variant, duration, time_point, result, unit, fields,
};

template <typename T>
inline constexpr bool is_plain_integer =
    std::integral<T> && !std::is_same_v<T, bool> && !std::is_same_v<T, wchar_t> &&
    !std::is_same_v<T, char8_t> && !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

template <typename T>
struct KindOf {
  static constexpr Kind scalar() {
    if (std::is_same_v<T, bool>) return Kind::boolean;
    if (is_plain_integer<T>) return Kind::integer;
    if (std::is_same_v<T, float> || std::is_same_v<T, double>) return Kind::floating;
    if (std::is_enum_v<T>) return Kind::enumeration;
    return HasFields<T> ? Kind::fields : Kind::none;
  }
  static constexpr Kind value = scalar();
};

template <typename T>
inline constexpr Kind kind_of = KindOf<T>::value;

template <typename T>
inline constexpr bool is_encodable =
    std::is_same_v<T, std::remove_cvref_t<T>> && kind_of<T> != Kind::none;

template <typename T>
inline constexpr bool is_key = is_encodable<T> && kind_of<T> != Kind::floating;

constexpr Kind when(bool encodable, Kind kind) { return encodable ? kind : Kind::none; }

template <>
struct KindOf<std::string> {
  static constexpr Kind value = Kind::string;
};
template <>
struct KindOf<Bytes> {
  static constexpr Kind value = Kind::bytes;
};
template <>
struct KindOf<std::monostate> {
  static constexpr Kind value = Kind::unit;
};
template <typename T>
struct KindOf<std::vector<T>> {
  static constexpr Kind value = when(is_encodable<T>, Kind::list);
};
template <typename T, std::size_t N>
struct KindOf<std::array<T, N>> {
  static constexpr Kind value = when(is_encodable<T>, Kind::array);
};
template <typename T>
struct KindOf<std::optional<T>> {
  static constexpr Kind value = when(is_encodable<T>, Kind::optional);
};
template <typename A, typename B>
struct KindOf<std::pair<A, B>> {
  static constexpr Kind value = when(is_encodable<A> && is_encodable<B>, Kind::tuple);
};
template <typename... T>
struct KindOf<std::tuple<T...>> {
  static constexpr Kind value = when((is_encodable<T> && ...), Kind::tuple);
};
template <typename K, typename V>
struct KindOf<std::map<K, V>> {
  static constexpr Kind value = when(is_key<K> && is_encodable<V>, Kind::map);
};
template <typename K>
struct KindOf<std::set<K>> {
  static constexpr Kind value = when(is_key<K>, Kind::set);
};
template <typename... T>
struct KindOf<std::variant<T...>> {
  static constexpr Kind value = when((is_encodable<T> && ...), Kind::variant);
};
template <typename Rep, typename Period>
struct KindOf<std::chrono::duration<Rep, Period>> {
  static constexpr Kind value = when(is_plain_integer<Rep>, Kind::duration);
};
template <typename Clock, typename Span>
struct KindOf<std::chrono::time_point<Clock, Span>> {
  static constexpr Kind value = when(kind_of<Span> == Kind::duration, Kind::time_point);
};
template <typename T>
struct KindOf<Expected<T, Error>> {
  static constexpr Kind value = when(is_encodable<T>, Kind::result);
};
template <>
struct KindOf<Expected<void, Error>> {
  static constexpr Kind value = Kind::result;
};

}  // namespace detail

/// T can be encoded, decoded, copied by value, printed and compared. Covers bool, integers, float
/// and double, enums, std::string, Bytes, vector, array, optional, pair, tuple, map, set, variant,
/// chrono durations and time points with integral ticks, Result, and structs with fields.
template <typename T>
concept Encodable = detail::is_encodable<T>;

/// Which values of an enum may come from outside: specialise it with `last` for an enum whose
/// enumerators count up from 0, so that decoding refuses others. Without it any number of the
/// underlying type passes, and code that switches over the enum must be ready for it.
template <typename E>
struct EnumRange {};

template <>
struct EnumRange<Errc> {
  static constexpr Errc last = Errc::configuration;
};

/// True when `number` is a value that E may have.
template <typename E>
constexpr bool is_enumerator(std::underlying_type_t<E> number) {
  if constexpr (requires { EnumRange<E>::last; }) {
    return std::in_range<std::size_t>(number) &&
           static_cast<std::size_t>(number) <= static_cast<std::size_t>(EnumRange<E>::last);
  } else {
    return true;
  }
}

/// Stops the compiler with one readable line when T is not encodable.
template <typename T>
consteval void require_encodable() {
  static_assert(Encodable<T>,
                "this type cannot be encoded: list its fields with `static constexpr auto fields = "
                "thresher::runtime::fields(...)` (runtime/codec/fields.h), or use a type that "
                "runtime/codec/encodable.h covers; pointers, references, unordered containers and "
                "floating-point keys never can");
}

}  // namespace thresher::runtime
