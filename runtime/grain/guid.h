// A 128-bit identifier as a value, for grain keys: made elsewhere (from an Entropy), printed and
// read here. Text form: 32 lower-case hexadecimal digits without dashes (.NET's "N").
#pragma once

#include "thresher/runtime/base/error.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace thresher::runtime {

struct Guid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  /// 32 hexadecimal digits.
  std::string text() const;
  /// Reads `text()`, and the form with dashes. Errors: invalid_argument.
  static Result<Guid> parse(std::string_view text);

  friend auto operator<=>(const Guid&, const Guid&) = default;
};

}  // namespace thresher::runtime
