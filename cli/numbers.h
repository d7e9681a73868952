// Numbers as people type them: seeds, counts, spans of real time, sizes, `name=value`.
//
// Each function takes the option's name, so that its Problem can say where the value stood.
#pragma once

#include "thresher/cli/problem.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace thresher::cli {

/// A seed and how it came about when it was not a number.
struct Seed {
  std::uint64_t value = 0;
  /// "commit 1c0ffee" when the seed is the hash of a commit's name, else "".
  std::string origin;
};

/// A seed: decimal, 0x and hexadecimal, or the name of a commit (7 to 40 hexadecimal digits with a
/// letter among them, or exactly 40), of which the hash is the seed.
Parsed<Seed> parse_seed(std::string_view option, std::string_view text);

/// A whole number from `least` to `most`.
Parsed<std::uint64_t> parse_count(std::string_view option, std::string_view text,
                                  std::uint64_t least, std::uint64_t most);

/// A span of real time such as `500ms`, `60s`, `5m` or `1h`; a bare number is seconds. Not zero.
Parsed<std::chrono::milliseconds> parse_span(std::string_view option, std::string_view text);

/// A size such as `512M` or `2G` (powers of 1024); a bare number is bytes.
Parsed<std::uint64_t> parse_size(std::string_view option, std::string_view text);

/// `name=value`, the name not empty.
Parsed<std::pair<std::string, std::string>> parse_knob(std::string_view text);

}  // namespace thresher::cli
