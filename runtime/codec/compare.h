// Comparing two values field by field: are they the same, and if not, which first field differs?
//
// Floats are the same when their bits are, so that 0.0 and -0.0 differ; all NaNs are one value, as
// a device gives them. Members that are not listed are not compared.
#pragma once

#include "thresher/runtime/codec/print.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

/// The first place at which two values differ, in order of fields and elements.
struct Difference {
  /// As in "items[3].name"; empty when the values themselves are what differs.
  std::string path;
  /// Both sides there, in words.
  std::string left;
  std::string right;

  /// "items[3].name: \"a\" and \"b\"".
  std::string describe() const;
};

/// Compares; on the way out of a difference each level adds its part of the path. Used through
/// `same_value` and `first_difference`.
class Comparer {
 public:
  /// Without `difference` nothing is said, only answered.
  explicit Comparer(Difference* difference) noexcept : difference_{difference} {}

  template <typename T>
  bool same(const T& a, const T& b) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind == detail::Kind::fields) {
      return each_field<T>([&](const auto& listed) {
        return same(a.*(listed.member), b.*(listed.member)) || within(listed.name);
      });
    } else if constexpr (kind == detail::Kind::floating) {
      return equal_floats(a, b) || differ(a, b);
    } else if constexpr (kind <= detail::Kind::bytes || kind == detail::Kind::duration ||
                         kind == detail::Kind::time_point || kind == detail::Kind::unit) {
      return a == b || differ(a, b);
    } else {
      return same_container<kind>(a, b);
    }
  }

 private:
  template <typename T>
  static bool equal_floats(T a, T b) {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    return (std::isnan(a) && std::isnan(b)) || std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b);
  }

  template <detail::Kind kind, typename T>
  bool same_container(const T& a, const T& b) {
    if constexpr (kind == detail::Kind::optional) {
      if (a.has_value() != b.has_value()) return differ(a, b);
      return !a.has_value() || same(*a, *b);
    } else if constexpr (kind == detail::Kind::variant) {
      if (a.index() != b.index()) return differ(a, b);
      return same_variant(a, b, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (kind == detail::Kind::result) {
      return same_result(a, b);
    } else if constexpr (kind == detail::Kind::tuple) {
      return same_tuple(a, b, std::make_index_sequence<std::tuple_size_v<T>>{});
    } else {
      return same_elements<kind>(a, b);
    }
  }

  template <typename T, std::size_t... I>
  bool same_variant(const T& a, const T& b, std::index_sequence<I...>) {
    bool equal = false;
    const auto compare = [&]<std::size_t Index>(std::integral_constant<std::size_t, Index>) {
      if (a.index() != Index) return false;
      equal = same(*std::get_if<Index>(&a), *std::get_if<Index>(&b));
      return true;
    };
    (compare(std::integral_constant<std::size_t, I>{}) || ...);
    return equal;
  }

  template <typename T>
  bool same_result(const Result<T>& a, const Result<T>& b) {
    if (a.has_value() != b.has_value()) return differ(a, b);
    if (!a.has_value()) return same(a.error(), b.error());
    if constexpr (std::is_void_v<T>) {
      return true;
    } else {
      return same(*a, *b);
    }
  }

  template <typename T, std::size_t... I>
  bool same_tuple(const T& a, const T& b, std::index_sequence<I...>) {
    return ((same(std::get<I>(a), std::get<I>(b)) || within_index(I)) && ...);
  }

  template <detail::Kind kind, typename T>
  bool same_elements(const T& a, const T& b) {
    if (a.size() != b.size()) return differ(a.size(), b.size()) || within("size");
    std::size_t index = 0;
    auto right = b.begin();
    for (auto left = a.begin(); left != a.end(); ++left, ++right, ++index) {
      if constexpr (kind == detail::Kind::map) {
        if (!same(left->first, right->first)) return within("key") || within_index(index);
        if (!same(left->second, right->second)) return within_key(left->first);
      } else {
        using Element = typename T::value_type;
        if (!same(static_cast<const Element&>(*left), static_cast<const Element&>(*right))) {
          return within_index(index);
        }
      }
    }
    return true;
  }

  // All below answer false, to be returned.
  template <typename T>
  bool differ(const T& a, const T& b) {
    if (difference_ != nullptr) {
      *difference_ = Difference{.path = {}, .left = print(a), .right = print(b)};
    }
    return false;
  }
  template <typename K>
  bool within_key(const K& key) {
    return difference_ != nullptr && within_part("[" + print(key) + "]");
  }
  bool within(std::string_view name);
  bool within_index(std::size_t index);
  bool within_part(const std::string& part);

  Difference* difference_;
};

/// True when all listed fields are the same.
template <typename T>
bool same_value(const T& a, const T& b) {
  return Comparer{nullptr}.same(a, b);
}

/// The first difference, or nothing.
template <typename T>
std::optional<Difference> first_difference(const T& a, const T& b) {
  if (same_value(a, b)) return std::nullopt;
  Difference difference;
  Comparer{&difference}.same(a, b);
  return difference;
}

}  // namespace thresher::runtime
