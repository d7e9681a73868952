// The writing half of the tagged encoding (encode.h): one member function for each kind of type.
// Which MessagePack item a kind becomes is decided here, and read back in tagged_reader.h.
#pragma once

#include "thresher/runtime/codec/encodable.h"
#include "thresher/runtime/codec/wire.h"

#include <bit>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

namespace detail {

/// An optional of something that can itself be nil is wrapped in an array, so that "nothing" and
/// "something that is nothing" differ.
template <typename T>
inline constexpr bool may_be_nil =
    kind_of<T> == Kind::optional || kind_of<T> == Kind::unit || std::is_same_v<T, Result<void>>;

}  // namespace detail

/// Appends values to a ByteWriter. Used through encode.h.
class TaggedWriter {
 public:
  explicit TaggedWriter(ByteWriter& out) noexcept : wire_{out} {}

  template <typename T>
  void write(const T& value) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind <= detail::Kind::bytes) {
      write_scalar<kind>(value);
    } else if constexpr (kind == detail::Kind::duration) {
      write(value.count());
    } else if constexpr (kind == detail::Kind::time_point) {
      write(value.time_since_epoch().count());
    } else if constexpr (kind == detail::Kind::unit) {
      wire_.nil();
    } else if constexpr (kind == detail::Kind::fields) {
      write_fields(value);
    } else if constexpr (kind == detail::Kind::tuple) {
      write_tuple(value);
    } else {
      write_container<kind>(value);
    }
  }

 private:
  template <detail::Kind kind, typename T>
  void write_scalar(const T& value) {
    if constexpr (kind == detail::Kind::boolean) {
      wire_.boolean(value);
    } else if constexpr (kind == detail::Kind::enumeration) {
      write(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (kind == detail::Kind::integer && std::is_signed_v<T>) {
      wire_.signed_integer(value);
    } else if constexpr (kind == detail::Kind::integer) {
      wire_.unsigned_integer(value);
    } else if constexpr (std::is_same_v<T, float>) {
      wire_.float32(std::bit_cast<std::uint32_t>(value));
    } else if constexpr (std::is_same_v<T, double>) {
      wire_.float64(std::bit_cast<std::uint64_t>(value));
    } else if constexpr (kind == detail::Kind::string) {
      wire_.text(value.data(), value.size());
    } else {
      wire_.binary(value.data(), value.size());
    }
  }

  template <typename T>
  void write_fields(const T& value) {
    wire_.map(FieldsOf<T>::value.size);
    each_field<T>([&](const auto& listed) {
      wire_.unsigned_integer(listed.tag);
      write(value.*(listed.member));
      return true;
    });
  }

  template <typename T>
  void write_tuple(const T& value) {
    wire_.array(std::tuple_size_v<T>);
    std::apply([&](const auto&... part) { (write(part), ...); }, value);
  }

  template <detail::Kind kind, typename T>
  void write_container(const T& value) {
    if constexpr (kind == detail::Kind::optional) {
      write_optional(value);
    } else if constexpr (kind == detail::Kind::variant) {
      wire_.array(2);
      wire_.unsigned_integer(value.index());
      std::visit([&](const auto& held) { write(held); }, value);
    } else if constexpr (kind == detail::Kind::result) {
      write_result(value);
    } else if constexpr (kind == detail::Kind::map) {
      wire_.map(value.size());
      for (const auto& [key, mapped] : value) {
        write(key);
        write(mapped);
      }
    } else {
      wire_.array(value.size());
      for (const auto& element : value) {
        write(static_cast<const typename T::value_type&>(element));
      }
    }
  }

  template <typename T>
  void write_optional(const std::optional<T>& value) {
    if (!value) return wire_.nil();
    if constexpr (detail::may_be_nil<T>) wire_.array(1);
    write(*value);
  }

  /// Success is an array of one (the value, or nil for void), an error an array of two.
  template <typename T>
  void write_result(const Result<T>& value) {
    if (!value) {
      wire_.array(2);
      wire_.nil();
      return write(value.error());
    }
    wire_.array(1);
    if constexpr (std::is_void_v<T>) {
      wire_.nil();
    } else {
      write(*value);
    }
  }

  WireWriter wire_;
};

}  // namespace thresher::runtime
