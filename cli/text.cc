// Words and numbers as the reports write them. Small and pure, so that every report writes the
// same thing the same way.
#include "thresher/cli/text.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <numeric>

namespace thresher::cli {

namespace {

std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

struct Unit {
  std::int64_t nanoseconds;
  std::string_view name;
};
constexpr std::array<Unit, 4> units{
    {{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}}};

}  // namespace

std::string hex64(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(18, '0');
  text[1] = 'x';
  for (std::size_t i = 17; i >= 2; --i, value >>= 4) text[i] = digits[value & 0xf];
  return text;
}

std::string grouped(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ',');
  return text;
}

std::string span_text(runtime::Duration span) {
  const std::int64_t total = span.count();
  if (total < 0) return "-" + span_text(-span);
  if (total == 0) return "0 s";
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& each) { return total >= each.nanoseconds; });
  THRESHER_ASSERT(unit != units.end());
  std::string text = grouped(static_cast<std::uint64_t>(total / unit->nanoseconds));
  if (const std::int64_t rest = total % unit->nanoseconds; rest != 0) {
    std::string digits = std::to_string(unit->nanoseconds + rest).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text.append(" ").append(unit->name);
}

std::string at_text(runtime::TimePoint at) { return "t=+" + span_text(at.time_since_epoch()); }

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const std::uint64_t tenths = part * 1000 / whole;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "%";
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain = "@%+=:,./-_";
  const bool safe = !word.empty() && std::all_of(word.begin(), word.end(), [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || plain.find(c) != plain.npos;
  });
  if (safe) return std::string{word};
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return text + "'";
}

std::string nearest(std::string_view name, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t best_edits = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view each : known) {
    // A name typed without its folder is meant, however far the folder makes it.
    const std::size_t slash = each.rfind('/');
    const std::string_view last = slash == each.npos ? each : each.substr(slash + 1);
    const std::size_t edits = std::min(edits_between(name, each), edits_between(name, last));
    if (edits >= best_edits) continue;
    best_edits = edits;
    best = each;
  }
  return std::string{best};
}

std::string indented(std::string_view text, std::string_view prefix) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.append(prefix).append(text.substr(0, end)).append("\n");
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string file_word(std::string_view name) {
  std::string text{name};
  std::replace_if(
      text.begin(), text.end(),
      [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-';
      },
      '_');
  return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
  return grouped(count).append(" ").append(noun).append(count == 1 ? "" : "s");
}

}  // namespace thresher::cli
