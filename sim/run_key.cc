// The text form of strategies: `random`, `pct:d=3,k=400`. What a text leaves out has the default;
// what it has too much is an error, never ignored.
#include "thresher/sim/run_key.h"

#include "thresher/runtime/base/assert.h"

#include <charconv>

namespace thresher::sim {
namespace {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

Result<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return fail(Errc::invalid_argument);
  return value;
}

// One `name=value` of a PCT spec.
Result<void> apply(StrategySpec& spec, std::string_view field) {
  if (field.substr(0, 2) == "d=") {
    THRESHER_TRY(depth, number(field.substr(2)));
    if (depth < 1 || depth > 100) return fail(Errc::invalid_argument);
    spec.depth = static_cast<std::uint32_t>(depth);
    return {};
  }
  if (field.substr(0, 2) == "k=") {
    THRESHER_TRY(length, number(field.substr(2)));
    if (length < 1) return fail(Errc::invalid_argument);
    spec.length = length;
    return {};
  }
  return fail(Errc::invalid_argument);
}

}  // namespace

Result<StrategySpec> StrategySpec::parse(std::string_view text) {
  if (text == "random") return StrategySpec{};
  const std::string_view prefix = text.substr(0, 4);
  if (prefix != "pct" && prefix != "pct:") return fail(Errc::invalid_argument);
  StrategySpec spec{.kind = Kind::pct, .depth = 3, .length = 1000};
  std::string_view rest = text.substr(prefix.size());
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    THRESHER_TRY_VOID(apply(spec, rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  return spec;
}

std::string StrategySpec::text() const {
  switch (kind) {
    case Kind::random: return "random";
    case Kind::pct: return "pct:d=" + std::to_string(depth) + ",k=" + std::to_string(length);
  }
  THRESHER_UNREACHABLE();
}

}  // namespace thresher::sim
