// Values as text for people: reports, traces, failed comparisons. Never parsed, never hashed.
//
// A struct prints as {name="x", count=3}, with its `type_name` in front where it has one
// (`static constexpr std::string_view type_name = "Order";`). Floats print in the shortest form
// that reads back exactly, strings quoted with escapes, Bytes as hex, collections in brackets.
#pragma once

#include "thresher/runtime/codec/encodable.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

namespace detail {

/// T has a static constant `type_name` (and no mere member of that name).
template <typename T>
concept HasTypeName =
    requires { std::integral_constant<const std::string_view*, &T::type_name>{}; };

}  // namespace detail

/// Appends values to a text. Used through `print`.
class Printer {
 public:
  explicit Printer(std::string& out) noexcept : out_{out} {}

  template <typename T>
  void print(const T& value) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind <= detail::Kind::bytes) {
      print_scalar<kind>(value);
    } else if constexpr (kind == detail::Kind::duration) {
      print(value.count());
    } else if constexpr (kind == detail::Kind::time_point) {
      print(value.time_since_epoch().count());
    } else if constexpr (kind == detail::Kind::unit) {
      out_ += "()";
    } else if constexpr (kind == detail::Kind::fields) {
      print_fields(value);
    } else {
      print_container<kind>(value);
    }
  }

 private:
  template <detail::Kind kind, typename T>
  void print_scalar(const T& value) {
    if constexpr (kind == detail::Kind::boolean) {
      out_ += value ? "true" : "false";
    } else if constexpr (kind == detail::Kind::enumeration) {
      print(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (kind == detail::Kind::integer && std::is_signed_v<T>) {
      signed_integer(value);
    } else if constexpr (kind == detail::Kind::integer) {
      unsigned_integer(value);
    } else if constexpr (kind == detail::Kind::floating) {
      floating(value);
    } else if constexpr (kind == detail::Kind::string) {
      quoted(value);
    } else {
      hex(value);
    }
  }

  template <typename T>
  void print_fields(const T& value) {
    if constexpr (detail::HasTypeName<T>) out_ += T::type_name;
    if constexpr (std::is_same_v<T, Error>) out_ += name(value.code);
    out_ += '{';
    bool first = true;
    each_field<T>([&](const auto& listed) {
      separate(first);
      out_ += listed.name;
      out_ += '=';
      print(value.*(listed.member));
      return true;
    });
    out_ += '}';
  }

  template <detail::Kind kind, typename T>
  void print_container(const T& value) {
    if constexpr (kind == detail::Kind::optional) {
      if (!value) return static_cast<void>(out_ += "none");
      print(*value);
    } else if constexpr (kind == detail::Kind::variant) {
      std::visit([&](const auto& held) { print(held); }, value);
    } else if constexpr (kind == detail::Kind::result) {
      print_result(value);
    } else if constexpr (kind == detail::Kind::tuple) {
      out_ += '(';
      bool first = true;
      std::apply([&](const auto&... part) { ((separate(first), print(part)), ...); }, value);
      out_ += ')';
    } else {
      print_elements<kind>(value);
    }
  }

  template <detail::Kind kind, typename T>
  void print_elements(const T& value) {
    out_ += '[';
    bool first = true;
    for (const auto& element : value) {
      separate(first);
      if constexpr (kind == detail::Kind::map) {
        print(element.first);
        out_ += ": ";
        print(element.second);
      } else {
        print(static_cast<const typename T::value_type&>(element));
      }
    }
    out_ += ']';
  }

  template <typename T>
  void print_result(const Result<T>& value) {
    if (!value) return print(value.error());
    if constexpr (std::is_void_v<T>) {
      out_ += "()";
    } else {
      print(*value);
    }
  }

  void separate(bool& first) {
    if (!std::exchange(first, false)) out_ += ", ";
  }
  void signed_integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void floating(float value);
  void floating(double value);
  void quoted(std::string_view text);
  void hex(const Bytes& bytes);

  std::string& out_;
};

/// `value` in words.
template <typename T>
std::string print(const T& value) {
  std::string text;
  Printer{text}.print(value);
  return text;
}

}  // namespace thresher::runtime
