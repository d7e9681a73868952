// How much may go wrong in one run, so that no more is injected than the product promises to
// survive. A scenario that claims more says so by a wider budget.
#pragma once

#include "thresher/faults/kind.h"

#include <bitset>
#include <cstdint>
#include <limits>

namespace thresher::faults {

struct Budget {
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

  /// Strikes in the whole run.
  std::uint64_t total_max = unlimited;
  /// Effects that stay (stuck kernels, sticky codes, lost devices) at one time.
  std::uint64_t concurrent_max = unlimited;
  /// Kinds that are not struck at all, by number.
  std::bitset<fault_kind_count> forbidden;

  /// What a plan written by hand gets: all that it says.
  static Budget everything() { return Budget{}; }
  /// What is promised to be survived: no silent fault, and no more than `concurrent` at a time.
  static Budget promised(std::uint64_t total, std::uint64_t concurrent);
};

}  // namespace thresher::faults
