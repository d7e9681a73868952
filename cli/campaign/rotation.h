// Which strategy a seed is run with, and how long PCT takes the scenario to be.
//
// Both are functions of the seed alone (and the scenario), through epochs of fixed seed ranges; so
// jobs, kills, resumes and first seeds change nothing.
#pragma once

#include "thresher/cli/campaign/task.h"

#include <optional>

namespace thresher::cli {

/// Seeds of one epoch: what a campaign learns enters only between epochs.
inline constexpr std::uint64_t epoch_seeds = 2000;

constexpr std::uint64_t epoch_of(std::uint64_t seed) noexcept { return seed / epoch_seeds; }

/// The strategy of a seed: the fixed one if there is one, else the portfolio in turn (random, PCT
/// with d of 1, 2, 3, 5). `length` is PCT's k where the strategy does not have its own.
sim::StrategySpec strategy_for(std::uint64_t seed,
                               const std::optional<sim::StrategySpec>& fixed,
                               std::uint64_t length);

/// The task that measures the length of runs in an epoch: a few runs of seeds made from scenario
/// and epoch, under the random strategy.
Task measuring_task(const RunSettings& settings, std::uint64_t epoch);

/// PCT's k from the totals of the measuring task; a constant when its process died.
std::uint64_t measured_length(const Totals& totals);

}  // namespace thresher::cli
