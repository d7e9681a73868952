// How a grain interface lists its methods, once, each with a literal name and its attributes.
//
//   struct ICounter : thresher::runtime::Interface<"demo.Counter"> {
//     static constexpr auto add = method<"add", std::int64_t(std::int64_t)>();
//     static constexpr auto get = method<"get", std::int64_t()>({.read_only = true});
//   };
//
// What travels is the hash of "demo.Counter.add", never a pointer or a compiler's spelling; so a
// method may move in the source, but renaming it makes another method. Everything here is constexpr
// and belongs to no turn or thread. Binding methods to a grain class is the grain runtime's part.
#pragma once

#include "thresher/runtime/base/hash.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/codec/encodable.h"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace thresher::runtime {

/// A string literal as a template argument.
template <std::size_t N>
struct Literal {
  char text[N]{};
  consteval Literal(const char (&literal)[N]) { std::copy_n(literal, N, text); }
  constexpr std::string_view view() const { return {text, N - 1}; }
};

/// Identity of a method on the wire: hash_name("interface.method").
struct MethodId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const MethodId&, const MethodId&) = default;
};

/// Identity of an interface on the wire: hash_name("interface").
struct InterfaceId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const InterfaceId&, const InterfaceId&) = default;
};

/// The identity of `interface_name`.`method_name`.
constexpr MethodId method_id(std::string_view interface_name, std::string_view method_name) {
  // The hash of the concatenation, without making the string.
  std::uint64_t hash = hash_name(interface_name);
  const auto feed = [&hash](std::string_view text) {
    for (const char c : text) {
      hash ^= static_cast<std::uint8_t>(c);
      hash *= 0x100000001b3u;
    }
  };
  feed(".");
  feed(method_name);
  return MethodId{hash};
}

/// How the runtime treats a method's calls; defaults are those of Orleans.
struct MethodAttributes {
  /// May interleave with other read-only requests of the activation (`[ReadOnly]`).
  bool read_only = false;
  /// May interleave with anything (`[AlwaysInterleave]`).
  bool always_interleave = false;
  /// The caller gets no response, no failure and no timeout (`[OneWay]`); the result is void.
  bool one_way = false;
  /// Response timeout of this method; zero takes the silo's default.
  Duration response_timeout{0};
};

/// What a table of methods keeps of one, without its types.
struct MethodInfo {
  MethodId id{};
  std::string_view interface_name;
  std::string_view name;
  MethodAttributes attributes{};
};

template <Literal InterfaceName, Literal MethodName, typename Signature>
class Method;

/// One method of an interface: its types, name and id as the type, its attributes as the value.
template <Literal InterfaceName, Literal MethodName, typename R, typename... A>
class Method<InterfaceName, MethodName, R(A...)> {
  static_assert((std::is_same_v<A, std::decay_t<A>> && ...) && std::is_same_v<R, std::decay_t<R>>,
                "arguments and results of grain methods are values: no references, no const");

 public:
  using Args = std::tuple<A...>;
  using Result = R;
  using Signature = R(A...);
  /// The result as a value that can be encoded: std::monostate for void.
  using ResultValue = std::conditional_t<std::is_void_v<R>, std::monostate, R>;

  static constexpr std::string_view interface_name = InterfaceName.view();
  static constexpr std::string_view name = MethodName.view();
  static constexpr InterfaceId interface_id{hash_name(interface_name)};
  static constexpr MethodId id = method_id(interface_name, name);
  /// True when the arguments can be built from `Given...`: for readable errors in `call`.
  template <typename... Given>
  static constexpr bool takes = std::is_constructible_v<Args, Given...>;

  constexpr explicit Method(MethodAttributes attributes) : attributes_{attributes} {}
  constexpr const MethodAttributes& attributes() const { return attributes_; }
  constexpr MethodInfo info() const { return {id, interface_name, name, attributes_}; }

 private:
  MethodAttributes attributes_;
};

/// Base of every grain interface. `Name` is its identity in the cluster: unique, never changed.
template <Literal Name>
struct Interface {
  static_assert(Name.view().size() >= 1, "an interface needs a name");
  static constexpr std::string_view interface_name = Name.view();
  static constexpr InterfaceId interface_id{hash_name(interface_name)};

  /// Declares one method; see the example above. Refused when compiling: an empty name, types that
  /// cannot be encoded, a negative timeout, and a one-way method with a result or a timeout.
  template <Literal MethodName, typename Signature>
  static consteval Method<Name, MethodName, Signature> method(MethodAttributes attributes = {}) {
    using Made = Method<Name, MethodName, Signature>;
    static_assert(Made::name.size() >= 1, "a method needs a name");
    require_encodable<typename Made::Args>();
    require_encodable<typename Made::ResultValue>();
    if (attributes.response_timeout < Duration{0}) throw "a timeout is not negative";
    if (attributes.one_way && !std::is_void_v<typename Made::Result>) {
      throw "a one-way method has no result: nobody waits for it";
    }
    if (attributes.one_way && attributes.response_timeout != Duration{0}) {
      throw "a one-way method has no response, so no response timeout";
    }
    return Made{attributes};
  }
};

/// T is a grain interface.
template <typename T>
concept GrainInterface = requires {
  { T::interface_name } -> std::convertible_to<std::string_view>;
  { T::interface_id } -> std::convertible_to<InterfaceId>;
};

/// M is a method of interface I.
template <typename M, typename I>
concept MethodOf = GrainInterface<I> && std::remove_cvref_t<M>::interface_name == I::interface_name;

/// The first two methods of `methods` with one id (a repeated name, or hashes that collide), as
/// indices, or both equal to the size when all are distinct. For static_assert or at start-up.
template <std::size_t N>
constexpr std::array<std::size_t, 2> find_collision(const std::array<MethodInfo, N>& methods) {
  for (std::size_t i = 0; i < N; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (methods[i].id == methods[k].id) return {k, i};
    }
  }
  return {N, N};
}

/// The methods of one grain class as a table; two with one id do not compile.
template <typename... Methods>
consteval std::array<MethodInfo, sizeof...(Methods)> method_table(const Methods&... methods) {
  const std::array<MethodInfo, sizeof...(Methods)> table{methods.info()...};
  if (find_collision(table)[0] != table.size()) throw "two methods have the same id: rename one";
  return table;
}

}  // namespace thresher::runtime
