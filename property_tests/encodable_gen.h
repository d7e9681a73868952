// A generator for any type that the codec can carry, made from its list of fields.
//
// Floats are drawn by their bits, so that NaNs, infinities and denormals come up; collections stay
// short, since it is their nesting that matters. Draws only inside RapidCheck's generators.
#pragma once

#include "thresher/runtime/codec/encodable.h"

#include <rapidcheck.h>

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace thresher::property_tests {

namespace runtime = thresher::runtime;

/// Draws values inside `rc::gen::exec`. Used through `any_value`.
class ValueDraw {
 public:
  template <typename T>
  T value() {
    using Kind = runtime::detail::Kind;
    constexpr Kind kind = runtime::detail::kind_of<T>;
    if constexpr (kind == Kind::boolean || kind == Kind::integer) {
      return *rc::gen::arbitrary<T>();
    } else if constexpr (kind == Kind::floating) {
      using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
      return std::bit_cast<T>(*rc::gen::arbitrary<Bits>());
    } else if constexpr (kind == Kind::enumeration) {
      using Number = std::underlying_type_t<T>;
      const auto known = [](Number number) { return runtime::is_enumerator<T>(number); };
      return static_cast<T>(*rc::gen::suchThat<Number>(known));
    } else if constexpr (kind == Kind::duration) {
      return T{value<typename T::rep>()};
    } else if constexpr (kind == Kind::time_point) {
      return T{value<typename T::duration>()};
    } else if constexpr (kind == Kind::unit) {
      return {};
    } else {
      return nested<kind, T>();
    }
  }

 private:
  static constexpr int count_max = 4;
  static constexpr int depth_max = 6;

  template <runtime::detail::Kind kind, typename T>
  T nested() {
    using Kind = runtime::detail::Kind;
    T made{};
    ++depth_;
    if constexpr (kind == Kind::fields) {
      runtime::each_field<T>([&](const auto& listed) {
        made.*(listed.member) = value<std::remove_cvref_t<decltype(made.*(listed.member))>>();
        return true;
      });
    } else if constexpr (kind == Kind::tuple) {
      const auto fill = [&]<typename... Part>(Part&... part) { ((part = value<Part>()), ...); };
      std::apply(fill, made);
    } else if constexpr (kind == Kind::optional) {
      if (value<bool>()) made.emplace(value<typename T::value_type>());
    } else if constexpr (kind == Kind::variant) {
      alternative(made, std::make_index_sequence<std::variant_size_v<T>>{});
    } else if constexpr (kind == Kind::result) {
      result(made);
    } else if constexpr (kind == Kind::array) {
      for (auto& element : made) element = value<typename T::value_type>();
    } else {
      collection<kind>(made);
    }
    --depth_;
    return made;
  }

  template <typename T, std::size_t... I>
  void alternative(T& made, std::index_sequence<I...>) {
    const auto index = *rc::gen::inRange<std::size_t>(0, sizeof...(I));
    ((index == I && (made.template emplace<I>(value<std::variant_alternative_t<I, T>>()), true)) ||
     ...);
  }

  template <typename T>
  void result(runtime::Result<T>& made) {
    if (value<bool>()) {
      made = runtime::Unexpected{value<runtime::Error>()};
    } else if constexpr (!std::is_void_v<T>) {
      made = value<T>();
    }
  }

  template <runtime::detail::Kind kind, typename T>
  void collection(T& made) {
    using Kind = runtime::detail::Kind;
    const int count = depth_ > depth_max ? 0 : *rc::gen::inRange(0, count_max + 1);
    for (int i = 0; i < count; ++i) {
      if constexpr (kind == Kind::map) {
        made[value<typename T::key_type>()] = value<typename T::mapped_type>();
      } else if constexpr (kind == Kind::set) {
        made.insert(value<typename T::key_type>());
      } else if constexpr (kind == Kind::bytes) {
        made.push_back(static_cast<std::byte>(value<std::uint8_t>()));
      } else {
        made.push_back(value<typename T::value_type>());
      }
    }
  }

  int depth_ = 0;
};

/// Any T.
template <typename T>
rc::Gen<T> any_value() {
  return rc::gen::exec([] { return ValueDraw{}.value<T>(); });
}

}  // namespace thresher::property_tests
