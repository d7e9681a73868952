// The reading half of the tagged encoding (encode.h): one member function for each kind of type.
//
// A read answers false on the first failure; on the way out each level adds its part of the path,
// so that success pays nothing for reports.
#pragma once

#include "thresher/runtime/codec/encodable.h"
#include "thresher/runtime/codec/tagged_writer.h"
#include "thresher/runtime/codec/wire.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace thresher::runtime {

/// Where and why decoding failed, in words.
struct DecodeReport {
  /// Path from the value, as in "items[3].name"; empty for the value itself.
  std::string path;
  /// What was wrong; a literal.
  std::string_view reason;
  /// Bytes read before it.
  std::size_t offset = 0;
};

/// Reads values, each into a fresh default one. Used through encode.h.
class TaggedReader {
 public:
  /// How deeply values may be nested; deeper input is refused.
  static constexpr std::size_t depth_max = 64;

  TaggedReader(std::span<const std::byte> input, DecodeReport* report) noexcept
      : wire_{input}, report_{report} {}

  std::size_t offset() const noexcept { return wire_.offset(); }

  /// Fails when bytes are left.
  bool finish() { return wire_.left() == 0 || refuse("bytes after the value"); }

  template <typename T>
  bool read(T& value) {
    require_encodable<T>();
    constexpr detail::Kind kind = detail::kind_of<T>;
    if constexpr (kind <= detail::Kind::bytes) {
      return read_scalar<kind>(value);
    } else if constexpr (kind == detail::Kind::duration) {
      typename T::rep count{};
      return read(count) && (value = T{count}, true);
    } else if constexpr (kind == detail::Kind::time_point) {
      typename T::duration span{};
      return read(span) && (value = T{span}, true);
    } else if constexpr (kind == detail::Kind::unit) {
      return wire_.take_nil() || refuse("expected nil");
    } else {
      if (depth_ == depth_max) return refuse("nested too deeply");
      ++depth_;
      const bool done = read_nested<kind>(value);
      --depth_;
      return done;
    }
  }

 private:
  template <detail::Kind kind, typename T>
  bool read_scalar(T& value) {
    if constexpr (kind == detail::Kind::enumeration) {
      std::underlying_type_t<T> number{};
      if (!read(number)) return false;
      if (!is_enumerator<T>(number)) return refuse("no such enumerator");
      value = static_cast<T>(number);
      return true;
    } else {
      WireItem item;
      if (!wire_.next(item)) return refuse("truncated or not well formed");
      return take<kind>(item, value);
    }
  }

  template <detail::Kind kind, typename T>
  bool take(const WireItem& item, T& value) {
    if constexpr (kind == detail::Kind::boolean) {
      if (item.type != WireType::boolean) return refuse("expected a boolean");
      value = item.bits != 0;
    } else if constexpr (kind == detail::Kind::integer) {
      return take_integer(item, value);
    } else if constexpr (kind == detail::Kind::floating) {
      return take_floating(item, value);
    } else {
      if (item.type != WireType::text && item.type != WireType::binary) {
        return refuse("expected text or bytes");
      }
      using Element = typename T::value_type;
      const auto* first = reinterpret_cast<const Element*>(item.payload.data());
      value.assign(first, first + item.payload.size());
    }
    return true;
  }

  template <typename T>
  bool take_integer(const WireItem& item, T& value) {
    if (item.type == WireType::unsigned_integer) {
      if (item.bits > static_cast<std::uint64_t>(std::numeric_limits<T>::max())) {
        return refuse("the integer is too large");
      }
      value = static_cast<T>(item.bits);
      return true;
    }
    if (item.type != WireType::negative_integer) return refuse("expected an integer");
    const auto number = static_cast<std::int64_t>(item.bits);
    if (std::is_unsigned_v<T> || number < static_cast<std::int64_t>(least<T>())) {
      return refuse("the integer is too small");
    }
    value = static_cast<T>(number);
    return true;
  }

  template <typename T>
  static constexpr T least() {
    return std::numeric_limits<T>::min();
  }

  bool take_floating(const WireItem& item, float& value) {
    if (item.type != WireType::float32) return refuse("expected a 32-bit float");
    value = std::bit_cast<float>(static_cast<std::uint32_t>(item.bits));
    return true;
  }

  bool take_floating(const WireItem& item, double& value) {
    if (item.type == WireType::float64) {
      value = std::bit_cast<double>(item.bits);
      return true;
    }
    if (item.type != WireType::float32) return refuse("expected a float");
    value = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(item.bits)));
    return true;
  }

  template <detail::Kind kind, typename T>
  bool read_nested(T& value) {
    if constexpr (kind == detail::Kind::fields) return read_fields(value);
    else if constexpr (kind == detail::Kind::optional) return read_optional(value);
    else if constexpr (kind == detail::Kind::variant) return read_variant(value);
    else if constexpr (kind == detail::Kind::result) return read_result(value);
    else if constexpr (kind == detail::Kind::tuple) return read_tuple(value);
    else if constexpr (kind == detail::Kind::array) return read_array(value);
    else if constexpr (kind == detail::Kind::map) return read_map(value);
    else return read_list(value);
  }

  template <typename T>
  bool read_fields(T& value) {
    std::size_t count = 0;
    if (!read_count(WireType::map, count)) return refuse("expected a struct");
    for (std::size_t i = 0; i < count; ++i) {
      WireItem key;
      if (!wire_.next(key)) return refuse("truncated or not well formed");
      if (key.type != WireType::unsigned_integer) return refuse("a field's tag is an integer");
      if (!read_field(key.bits, value)) return false;
    }
    return true;
  }

  template <typename T>
  bool read_field(std::uint64_t tag, T& value) {
    bool known = false;
    const bool done = each_field<T>([&](const auto& listed) {
      if (listed.tag != tag) return true;
      known = true;
      return read(value.*(listed.member)) || within(listed.name);
    });
    if (known || !done) return done;
    return wire_.skip() || refuse("truncated or not well formed");
  }

  template <typename T>
  bool read_optional(std::optional<T>& value) {
    value.reset();
    if (wire_.take_nil()) return true;
    if constexpr (detail::may_be_nil<T>) {
      std::size_t count = 0;
      if (!read_count(WireType::array, count) || count != 1) return refuse("expected an optional");
    }
    return read(value.emplace());
  }

  template <typename T>
  bool read_variant(T& value) {
    std::size_t count = 0;
    std::size_t index = 0;
    if (!read_count(WireType::array, count) || count != 2) return refuse("expected a variant");
    if (!read(index)) return false;
    return read_alternative(index, value, std::make_index_sequence<std::variant_size_v<T>>{});
  }

  template <typename T, std::size_t... I>
  bool read_alternative(std::size_t index, T& value, std::index_sequence<I...>) {
    bool done = false;
    const bool known = ((index == I && (done = read(value.template emplace<I>()), true)) || ...);
    return known ? done : refuse("no such alternative");
  }

  template <typename T>
  bool read_result(Result<T>& value) {
    std::size_t count = 0;
    if (!read_count(WireType::array, count) || count < 1 || count > 2) {
      return refuse("expected a result");
    }
    if (count == 2) {
      Error error;
      if (!wire_.take_nil()) return refuse("expected nil before an error");
      return read(error) && (value = Result<T>{Unexpected{error}}, true);
    }
    if constexpr (std::is_void_v<T>) {
      value = {};
      return wire_.take_nil() || refuse("expected nil");
    } else {
      T held{};
      return read(held) && (value = Result<T>{std::move(held)}, true);
    }
  }

  template <typename T>
  bool read_tuple(T& value) {
    std::size_t count = 0;
    if (!read_count(WireType::array, count)) return refuse("expected a tuple");
    std::size_t next = 0;
    const auto part = [&](auto& element) {
      if (next == count) return true;  // Missing at the end: keeps its default.
      return read(element) ? (++next, true) : within_index(next);
    };
    if (!std::apply([&](auto&... all) { return (part(all) && ...); }, value)) return false;
    for (; next < count; ++next) {
      if (!wire_.skip()) return refuse("truncated or not well formed");
    }
    return true;
  }

  template <typename T>
  bool read_array(T& value) {
    std::size_t count = 0;
    if (!read_count(WireType::array, count) || count != value.size()) {
      return refuse("expected an array of its exact size");
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (!read(value[i])) return within_index(i);
    }
    return true;
  }

  template <typename T>
  bool read_map(T& value) {
    std::size_t count = 0;
    value.clear();
    if (!read_count(WireType::map, count)) return refuse("expected a map");
    for (std::size_t i = 0; i < count; ++i) {
      typename T::key_type key{};
      if (!read(key)) return within_index(i);
      const auto [place, inserted] = value.try_emplace(std::move(key));
      if (!inserted) return refuse("a key comes twice");
      if (!read(place->second)) return within_index(i);
    }
    return true;
  }

  template <typename T>
  bool read_list(T& value) {
    std::size_t count = 0;
    value.clear();
    if (!read_count(WireType::array, count)) return refuse("expected a list");
    for (std::size_t i = 0; i < count; ++i) {
      typename T::value_type element{};
      if (!read(element)) return within_index(i);
      if (!add(value, std::move(element))) return refuse("an element comes twice");
    }
    return true;
  }

  template <typename T>
  static bool add(std::vector<T>& list, T&& element) {
    list.push_back(std::move(element));
    return true;
  }
  template <typename T>
  static bool add(std::set<T>& set, T&& element) {
    return set.insert(std::move(element)).second;
  }

  /// The head of an array or a map; a count that the rest of the input cannot hold is refused.
  bool read_count(WireType type, std::size_t& count) {
    WireItem item;
    if (!wire_.next(item) || item.type != type) return false;
    count = static_cast<std::size_t>(item.bits);
    return true;
  }

  // The three below always answer false, to be returned.
  bool refuse(std::string_view reason);
  bool within(std::string_view name);
  bool within_index(std::size_t index);

  WireReader wire_;
  DecodeReport* report_;
  std::size_t depth_ = 0;
};

}  // namespace thresher::runtime
