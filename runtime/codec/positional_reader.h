// The reading half of the positional encoding (positional.h). A read answers false at the first
// thing that does not fit.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/codec/encodable.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::runtime {

/// Reads values, each into a fresh default one. Used through positional.h.
class PositionalReader {
 public:
  /// How deeply values may be nested, as in the tagged form.
  static constexpr std::size_t depth_max = 64;

  explicit PositionalReader(std::span<const std::byte> input) noexcept : input_{input} {}

  std::size_t left() const noexcept { return input_.size(); }

  template <typename T>
  bool read(T& value) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind == detail::Kind::boolean) {
      std::uint8_t byte = 0;
      return take(&byte, 1) && byte <= 1 && (value = byte == 1, true);
    } else if constexpr (kind <= detail::Kind::floating) {
      return take(&value, sizeof(T));
    } else if constexpr (kind == detail::Kind::enumeration) {
      std::underlying_type_t<T> number{};
      return read(number) && is_enumerator<T>(number) && (value = static_cast<T>(number), true);
    } else if constexpr (kind == detail::Kind::string || kind == detail::Kind::bytes) {
      return read_text(value);
    } else if constexpr (kind == detail::Kind::duration) {
      typename T::rep count{};
      return read(count) && (value = T{count}, true);
    } else if constexpr (kind == detail::Kind::time_point) {
      typename T::duration span{};
      return read(span) && (value = T{span}, true);
    } else if constexpr (kind == detail::Kind::unit) {
      return take_marker();
    } else {
      if (depth_ == depth_max) return false;
      ++depth_;
      const bool done = read_nested<kind>(value);
      --depth_;
      return done;
    }
  }

 private:
  template <detail::Kind kind, typename T>
  bool read_nested(T& value) {
    if constexpr (kind == detail::Kind::fields) {
      if (FieldsOf<T>::value.size == 0) return take_marker();
      return each_field<T>([&](const auto& listed) { return read(value.*(listed.member)); });
    } else if constexpr (kind == detail::Kind::tuple) {
      if (std::tuple_size_v<T> == 0) return take_marker();
      return std::apply([&](auto&... part) { return (read(part) && ...); }, value);
    } else if constexpr (kind == detail::Kind::optional) {
      bool held = false;
      return read(held) && (!held || read(value.emplace()));
    } else if constexpr (kind == detail::Kind::variant) {
      std::uint32_t index = 0;
      return read(index) &&
             read_alternative(index, value, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (kind == detail::Kind::result) {
      return read_result(value);
    } else {
      return read_elements<kind>(value);
    }
  }

  template <typename T>
  bool read_text(T& value) {
    std::size_t count = 0;
    if (!read_count(count)) return false;
    THRESHER_ASSERT(count <= left());
    const auto* first = reinterpret_cast<const typename T::value_type*>(input_.data());
    value.assign(first, first + count);
    input_ = input_.subspan(count);
    return true;
  }

  template <typename T, std::size_t... I>
  bool read_alternative(std::size_t index, T& value, std::index_sequence<I...>) {
    bool done = false;
    ((index == I && (done = read(value.template emplace<I>()), true)) || ...);
    return done;
  }

  template <typename T>
  bool read_result(Result<T>& value) {
    bool held = false;
    if (!read(held)) return false;
    if (!held) {
      Error error;
      return read(error) && (value = Result<T>{Unexpected{error}}, true);
    }
    if constexpr (std::is_void_v<T>) {
      return value = {}, true;
    } else {
      T inner{};
      return read(inner) && (value = Result<T>{std::move(inner)}, true);
    }
  }

  template <detail::Kind kind, typename T>
  bool read_elements(T& value) {
    std::size_t count = 0;
    if (!read_count(count)) return false;
    if constexpr (kind == detail::Kind::array) {
      if (count != value.size()) return false;
      for (auto& element : value) {
        if (!read(element)) return false;
      }
      return true;
    } else {
      for (std::size_t i = 0; i < count; ++i) {
        if (!read_into(value)) return false;
      }
      return true;
    }
  }

  template <typename T>
  bool read_into(std::vector<T>& list) {
    T element{};
    return read(element) && (list.push_back(std::move(element)), true);
  }
  template <typename T>
  bool read_into(std::set<T>& set) {
    T element{};
    return read(element) && set.insert(std::move(element)).second;
  }
  template <typename K, typename V>
  bool read_into(std::map<K, V>& map) {
    K key{};
    if (!read(key)) return false;
    const auto [place, inserted] = map.try_emplace(std::move(key));
    return inserted && read(place->second);
  }

  /// A count of things of at least one byte each, which must be there.
  bool read_count(std::size_t& count) {
    std::uint32_t number = 0;
    if (!read(number) || number > left()) return false;
    count = number;
    return true;
  }

  bool take_marker() {
    std::uint8_t byte = 1;
    return take(&byte, 1) && byte == 0;
  }

  bool take(void* to, std::size_t count) {
    if (count > left()) return false;
    std::memcpy(to, input_.data(), count);
    input_ = input_.subspan(count);
    return true;
  }

  std::span<const std::byte> input_;
  std::size_t depth_ = 0;
};

}  // namespace thresher::runtime
