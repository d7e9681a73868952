// The kinds of keys and how each is written into a GrainId.
//
// The kind of key is a property of the interface: `using Key = std::int64_t;` in it; without that
// line the key is a string. Compound keys (GUID or integer with a text, Orleans' `guid+text`) are
// spelled with a plus. The key alone makes the identity: the same class and key is the same grain.
#pragma once

#include "thresher/runtime/grain/guid.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thresher::runtime {

/// A GUID with an extension.
struct GuidTextKey {
  Guid guid;
  std::string extension;
};

/// An integer with an extension.
struct IntegerTextKey {
  std::int64_t integer = 0;
  std::string extension;
};

inline std::string key_text(std::string_view key) { return std::string{key}; }
inline std::string key_text(std::int64_t key) { return std::to_string(key); }
inline std::string key_text(const Guid& key) { return key.text(); }
inline std::string key_text(const GuidTextKey& key) {
  return key.guid.text() + "+" + key.extension;
}
inline std::string key_text(const IntegerTextKey& key) {
  return std::to_string(key.integer) + "+" + key.extension;
}

namespace detail {
template <typename I>
struct KeyOfInterface {
  using Type = std::string_view;
};
template <typename I>
  requires requires { typename I::Key; }
struct KeyOfInterface<I> {
  using Type = typename I::Key;
};
}  // namespace detail

/// The key type of interface I.
template <typename I>
using KeyOf = typename detail::KeyOfInterface<I>::Type;

}  // namespace thresher::runtime
