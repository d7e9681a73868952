// The place of a call, as two builtins give it: std::source_location is missing in clang 14, and
// clang-tidy must be able to read every file.
#pragma once

#include <cstdint>

namespace thresher::runtime {

/// File and line of a call. `file` is a literal and outlives everything; never used for identity
/// in a tape, since line numbers move with every edit.
struct SourceLocation {
  const char* file = "";
  std::uint32_t line = 0;

  /// The caller's place when used as a default argument.
  static constexpr SourceLocation here(const char* file = __builtin_FILE(),
                                       std::uint32_t line = __builtin_LINE()) noexcept {
    return SourceLocation{file, line};
  }
};

}  // namespace thresher::runtime
