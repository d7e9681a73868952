// The seam to the grain directory: which activation is the grain's, by compare-and-set.
//
// In one silo LocalDirectory keeps the rows; a cluster's directory implements the same contract
// over the network, so callers expect to park here and to meet operating errors.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/grain/grain_address.h"

#include <optional>

namespace thresher::runtime {

class Directory {
 public:
  virtual ~Directory() = default;

  /// Writes `address` when there is no row for its grain, or when the row equals `previous`; gives
  /// the row that is there afterwards, whoever wrote it (Orleans: the winning row). Errors:
  /// unavailable, timeout.
  virtual Result<GrainAddress> register_address(const GrainAddress& address,
                                                const std::optional<GrainAddress>& previous) = 0;
  /// Removes the row of `address`'s grain if it has the same activation; else changes nothing.
  virtual Result<void> unregister_address(const GrainAddress& address) = 0;
  virtual Result<std::optional<GrainAddress>> lookup(const GrainId& grain) = 0;
  /// Removes all rows of a silo that was declared dead.
  virtual Result<void> unregister_silo(const SiloAddress& silo) = 0;
};

}  // namespace thresher::runtime
