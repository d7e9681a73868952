// The configuration of one run: drawn from the seed, or set by a knob.
//
// Each name has its own lane (`draw/NAME`) and its own range; a knob of that name, given by hand,
// takes its place. What was taken is recorded for the report.
#pragma once

#include "thresher/sim/checks.h"
#include "thresher/sim/choices.h"
#include "thresher/sim/run_key.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace thresher::scenarios::guide {

/// A knob's name and range; 0 of the range is the dull end.
struct Knob {
  std::string_view name;
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

inline constexpr Knob devices_knob{"devices", 1, 3};
inline constexpr Knob grains_knob{"grains", 1, 5};
inline constexpr Knob clients_knob{"clients", 1, 4};
inline constexpr Knob calls_knob{"calls", 1, 10};
inline constexpr Knob pool_size_knob{"pool_size", 1, 3};
/// 0: as DotCompute behaves; 1: Thresher's own layer. Published patterns only.
inline constexpr Knob layer_knob{"layer", 0, 1};
/// Device memory: 2 GiB shifted left by this; a context alone takes 256 MiB.
inline constexpr Knob memory_knob{"memory_log2", 0, 3};

class Draws {
 public:
  Draws(sim::Choices& choices, sim::Checks& checks, const sim::RunKey& key)
      : choices_{choices}, checks_{checks}, key_{key} {}

  /// The words of the first knob of `key` that no scenario of the guide has, or that is out of
  /// its range; empty when all fit.
  static std::string problem(const sim::RunKey& key);

  std::uint64_t of(const Knob& knob);

 private:
  sim::Choices& choices_;
  sim::Checks& checks_;
  const sim::RunKey& key_;
};

}  // namespace thresher::scenarios::guide
