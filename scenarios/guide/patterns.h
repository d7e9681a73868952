// The guide's five patterns, each as published and hardened: names, summaries and known defects.
//
// A defect is here because reading the guide shows it and a run confirmed it; its story names the
// interleaving or the fault. The hunt of each campaign must find every one again.
#pragma once

#include "thresher/scenarios/scenario.h"

#include <cstdint>
#include <span>

namespace thresher::scenarios::guide {

enum class Pattern : std::uint8_t { isolated, pooled, hybrid, retry, breaker };
inline constexpr Pattern all_patterns[] = {Pattern::isolated, Pattern::pooled, Pattern::hybrid,
                                           Pattern::retry, Pattern::breaker};

/// What `list` shows of a pattern, as published or hardened.
const ScenarioInfo& info_of(Pattern pattern, bool published) noexcept;

}  // namespace thresher::scenarios::guide
