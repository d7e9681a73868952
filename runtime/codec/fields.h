// How a type lists its fields, once: the list serves encoding, copying, printing and comparing.
//
//   struct Order {
//     std::string name;
//     std::int32_t count = 0;
//     static constexpr auto fields = thresher::runtime::fields(
//         thresher::runtime::field<1>("name", &Order::name),
//         thresher::runtime::field<2>("count", &Order::count));
//   };
//
// The numeric tag is the field's identity on the wire and in storage (as Orleans' `[Id(n)]`): never
// reuse the tag of a removed field. Names are for people and may change. A member that is not
// listed does not travel. No macros, no code generator, no registration at run time.
#pragma once

#include "thresher/runtime/base/error.h"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace thresher::runtime {

/// One listed field: tag, name and place.
template <std::uint32_t Tag, typename OwnerType, typename MemberType>
struct Field {
  static_assert(Tag >= 1, "a field's tag starts at 1");
  static constexpr std::uint32_t tag = Tag;
  using Owner = OwnerType;
  using Member = MemberType;

  std::string_view name;
  Member Owner::*member;
};

/// The list of a type's fields, in the order of printing and encoding.
template <typename... Fields>
struct FieldList {
  static constexpr std::size_t size = sizeof...(Fields);
  std::tuple<Fields...> all;
};

/// Names one field: `field<1>("name", &Order::name)`. `name` is a literal.
template <std::uint32_t Tag, typename Owner, typename Member>
  requires(!std::is_function_v<Member>)
constexpr Field<Tag, Owner, Member> field(std::string_view name, Member Owner::*member) {
  return {name, member};
}

namespace detail {

template <std::uint32_t... Tags>
constexpr bool distinct() {
  const std::array<std::uint32_t, sizeof...(Tags)> tags{Tags...};
  for (std::size_t i = 0; i < tags.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (tags[i] == tags[k]) return false;
    }
  }
  return true;
}

}  // namespace detail

/// Makes the list: `static constexpr auto fields = thresher::runtime::fields(field..., ...)`.
template <typename... Fields>
constexpr FieldList<Fields...> fields(Fields... listed) {
  static_assert(detail::distinct<Fields::tag...>(), "two fields have the same tag");
  return FieldList<Fields...>{std::tuple<Fields...>{listed...}};
}

/// Where the list of T is found; specialise it for a type that cannot be edited.
template <typename T>
struct FieldsOf {};

template <typename T>
  requires requires { T::fields.all; }
struct FieldsOf<T> {
  static constexpr auto value = T::fields;
};

/// An Error travels without its origin: a place in another process's code tells the caller nothing
/// that it could trust, and a pointer must not cross.
template <>
struct FieldsOf<Error> {
  static constexpr auto value = fields(
      field<1>("code", &Error::code), field<2>("injected", &Error::injected),
      field<3>("driver_code", &Error::driver_code), field<4>("id", &Error::id));
};

/// T lists its fields and can be made without arguments, as decoding must.
template <typename T>
concept HasFields = std::default_initializable<T> && requires { FieldsOf<T>::value.all; };

/// Calls `visit(field)` for each field of T in order until one answers false; true when none did.
template <HasFields T, typename Visit>
constexpr bool each_field(Visit&& visit) {
  return std::apply([&](const auto&... listed) { return (visit(listed) && ...); },
                    FieldsOf<T>::value.all);
}

}  // namespace thresher::runtime
