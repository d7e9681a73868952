// Words and numbers as the reports write them: hexadecimal, grouped digits, virtual time, shell
// words, and the nearest known name to a mistyped one. Pure functions; no locale.
#pragma once

#include "thresher/runtime/base/time.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::cli {

/// `0x` and exactly 16 hexadecimal digits.
std::string hex64(std::uint64_t value);

/// Decimal digits in groups of three: `18,231`.
std::string grouped(std::uint64_t value);

/// Virtual time in the largest unit that keeps it readable, with all its nanoseconds: `12.084 s`,
/// `1.5 ms`, `0 s`.
std::string span_text(runtime::Duration span);

/// A point of virtual time, as in `t=+12.084 s`.
std::string at_text(runtime::TimePoint at);

/// `part` of `whole` in percent with one digit, rounded down, `-` when the whole is nothing.
std::string percent(std::uint64_t part, std::uint64_t whole);

/// `word` so that a POSIX shell reads it back as one word; unchanged where nothing needs quoting.
std::string shell_word(std::string_view word);

/// The known name with the fewest edits to `name`, or "" when none is near enough to be meant.
std::string nearest(std::string_view name, std::span<const std::string_view> known);

/// Each line of `text` with `prefix` before it, ending in a newline.
std::string indented(std::string_view text, std::string_view prefix);

/// `name` for use as one path component: what is neither letter, digit, dot nor dash becomes `_`.
std::string file_word(std::string_view name);

/// `1 run`, `2 runs`: the plural is made with an s.
std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace thresher::cli
