// The writing half of the positional encoding (positional.h). Host order and fixed widths; at
// least one byte a value.
#pragma once

#include "thresher/runtime/codec/encodable.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <variant>

namespace thresher::runtime {

/// Appends values to a ByteWriter. Used through positional.h.
class PositionalWriter {
 public:
  explicit PositionalWriter(ByteWriter& out) noexcept : out_{out} {}

  template <typename T>
  void write(const T& value) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind <= detail::Kind::enumeration) {
      out_.append(&value, sizeof(T));
    } else if constexpr (kind == detail::Kind::string || kind == detail::Kind::bytes) {
      write_count(value.size());
      out_.append(value.data(), value.size());
    } else if constexpr (kind == detail::Kind::duration) {
      write(value.count());
    } else if constexpr (kind == detail::Kind::time_point) {
      write(value.time_since_epoch().count());
    } else if constexpr (kind == detail::Kind::unit) {
      out_.append(std::byte{0});
    } else if constexpr (kind == detail::Kind::fields) {
      if constexpr (FieldsOf<T>::value.size == 0) out_.append(std::byte{0});
      each_field<T>([&](const auto& listed) { return write(value.*(listed.member)), true; });
    } else if constexpr (kind == detail::Kind::tuple) {
      if constexpr (std::tuple_size_v<T> == 0) out_.append(std::byte{0});
      std::apply([&](const auto&... part) { (write(part), ...); }, value);
    } else {
      write_container<kind>(value);
    }
  }

 private:
  template <detail::Kind kind, typename T>
  void write_container(const T& value) {
    if constexpr (kind == detail::Kind::optional) {
      write(value.has_value());
      if (value) write(*value);
    } else if constexpr (kind == detail::Kind::variant) {
      write_count(value.index());
      std::visit([&](const auto& held) { write(held); }, value);
    } else if constexpr (kind == detail::Kind::result) {
      write_result(value);
    } else {
      write_count(value.size());
      for (const auto& element : value) write_element<kind, T>(element);
    }
  }

  template <detail::Kind kind, typename T, typename Element>
  void write_element(const Element& element) {
    if constexpr (kind == detail::Kind::map) {
      write(element.first);
      write(element.second);
    } else {
      write(static_cast<const typename T::value_type&>(element));
    }
  }

  template <typename T>
  void write_result(const Result<T>& value) {
    write(value.has_value());
    if (!value) return write(value.error());
    if constexpr (!std::is_void_v<T>) write(*value);
  }

  void write_count(std::size_t count) {
    THRESHER_ASSERT(count <= UINT32_MAX);
    write(static_cast<std::uint32_t>(count));
  }

  ByteWriter& out_;
};

}  // namespace thresher::runtime
