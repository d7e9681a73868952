// What a run is a function of, and nothing else: scenario, seed, profile, strategy, knobs, plan.
//
// Two runs of one key have one trace hash, on every machine, with every build of one commit. A key
// is a value; it is what a failure prints and what a tape's header keeps.
#pragma once

#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace thresher::sim {

/// Which strategy picks the next fiber, with its parameters. Text form: `random`,
/// `pct:d=3,k=400` (d change points and one, k the estimated number of steps).
struct StrategySpec {
  enum class Kind : std::uint8_t { random, pct };
  Kind kind = Kind::random;
  std::uint32_t depth = 0;        ///< PCT: bug depth d, at least 1.
  std::uint64_t length = 0;       ///< PCT: k, the number of schedule points expected.

  /// Errors: invalid_argument.
  static runtime::Result<StrategySpec> parse(std::string_view text);
  std::string text() const;
  friend bool operator==(const StrategySpec&, const StrategySpec&) = default;
};

struct RunKey {
  std::string scenario{};
  std::uint64_t seed = 0;
  /// Device profile, by name.
  std::string profile = "default";
  StrategySpec strategy{};
  /// Options of the scenario set by hand, by name; what is absent is drawn from the seed.
  std::map<std::string, std::string> knobs{};
  /// The fault plan as JSON text, or empty: then the scenario draws its own from the seed.
  std::string plan{};
};

}  // namespace thresher::sim
