// Numbers as people type them.
// No locale, no floating point; what does not parse whole is refused.
#include "thresher/cli/numbers.h"

#include "thresher/cli/text.h"
#include "thresher/runtime/base/hash.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

namespace thresher::cli {

namespace {

std::optional<std::uint64_t> whole(std::string_view digits, int base) {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

bool names_a_commit(std::string_view text) {
  const auto hexadecimal = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  if (text.size() < 7 || text.size() > 40) return false;
  if (!std::all_of(text.begin(), text.end(), hexadecimal)) return false;
  return text.size() == 40 || std::any_of(text.begin(), text.end(), [](char c) {
           return std::isdigit(static_cast<unsigned char>(c)) == 0;
         });
}

std::string place(std::string_view option, std::string_view text) {
  return std::string{option} + " " + shell_word(text) + ": ";
}

struct Suffix {
  std::string_view name;
  std::uint64_t factor;
};

/// Digits and one of the suffixes; nothing when it is neither, or too large.
std::optional<std::uint64_t> scaled(std::string_view text, std::span<const Suffix> suffixes) {
  const std::size_t split = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto value = whole(text.substr(0, split), 10);
  const auto suffix = std::find_if(suffixes.begin(), suffixes.end(), [&](const Suffix& each) {
    return each.name == text.substr(split);
  });
  if (!value || suffix == suffixes.end()) return std::nullopt;
  if (*value > std::numeric_limits<std::int64_t>::max() / suffix->factor) return std::nullopt;
  return *value * suffix->factor;
}

}  // namespace

Parsed<Seed> parse_seed(std::string_view option, std::string_view text) {
  if (text.size() < 40) {
    if (const auto value = whole(text, 10)) return Seed{*value, ""};
  }
  if (text.starts_with("0x") || text.starts_with("0X")) {
    if (const auto value = whole(text.substr(2), 16)) return Seed{*value, ""};
  }
  if (names_a_commit(text)) {
    std::string lower{text};
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return Seed{runtime::hash_name(lower), "commit " + lower};
  }
  return misuse(place(option, text) +
                "not a seed; give a whole number below 2^64, 0x and hexadecimal digits, or a "
                "commit's hash of 7 to 40 digits");
}

Parsed<std::uint64_t> parse_count(std::string_view option, std::string_view text,
                                  std::uint64_t least, std::uint64_t most) {
  const auto value = whole(text, 10);
  if (value && *value >= least && *value <= most) return *value;
  return misuse(place(option, text) + "give a whole number from " + std::to_string(least) + " to " +
                std::to_string(most));
}

Parsed<std::chrono::milliseconds> parse_span(std::string_view option, std::string_view text) {
  constexpr std::array<Suffix, 5> suffixes{
      {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  const auto value = scaled(text, suffixes);
  if (value && *value > 0) return std::chrono::milliseconds{static_cast<std::int64_t>(*value)};
  return misuse(place(option, text) + "give a span of time such as 500ms, 60s, 5m or 1h");
}

Parsed<std::uint64_t> parse_size(std::string_view option, std::string_view text) {
  constexpr std::array<Suffix, 4> suffixes{
      {{"", 1}, {"K", 1u << 10}, {"M", 1u << 20}, {"G", 1u << 30}}};
  const auto value = scaled(text, suffixes);
  if (value && *value > 0) return *value;
  return misuse(place(option, text) + "give a size such as 512M or 2G");
}

Parsed<std::pair<std::string, std::string>> parse_knob(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return misuse(place("--knob", text) + "give name=value, such as pool.size=2");
  }
  return std::pair{std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}};
}

}  // namespace thresher::cli
