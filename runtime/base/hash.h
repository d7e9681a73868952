// Hashes that are part of formats and identities: the same on every machine, build and run.
//
// FNV-1a for literals (sites, interface and method names) at compile time; a 64-bit finaliser for
// ids and seeds. Bulk data goes through xxHash (checksum.h), never through these.
#pragma once

#include <cstdint>
#include <string_view>

namespace thresher::runtime {

/// FNV-1a, 64 bits: for names, at compile time or not.
constexpr std::uint64_t hash_name(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) {
    hash ^= static_cast<std::uint8_t>(c);
    hash *= 0x100000001b3u;
  }
  return hash;
}

/// Mixes all bits of `x` (the finaliser of SplitMix64): bijective, so distinct stays distinct.
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

/// Order-dependent combination of two hashes.
constexpr std::uint64_t combine(std::uint64_t a, std::uint64_t b) noexcept {
  return mix(a * 0x9e3779b97f4a7c15u + b + 0x632be59bd9b4e019u);
}

/// Maps uniform 64 bits to [0, n) by the high half of the product: no modulo, no floating point.
/// Requires: n >= 1.
constexpr std::uint64_t scale(std::uint64_t bits, std::uint64_t n) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(bits) * n) >> 64);
}

/// A literal that names a place in the code: unique in the product (checked), never a line number,
/// so that tapes survive edits. Make one with THRESHER_SITE.
struct Site {
  std::uint64_t hash = 0;
  const char* text = "";
};

}  // namespace thresher::runtime

/// Names this place of the code for tapes, coverage and fault points.
#define THRESHER_SITE(literal)                                                     \
  (::thresher::runtime::Site{                                                      \
      [] {                                                                         \
        constexpr auto site_hash = ::thresher::runtime::hash_name(literal);        \
        return site_hash;                                                          \
      }(),                                                                         \
      literal})
