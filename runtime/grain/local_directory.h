// The directory of one silo: a map in memory under a short lock, never held over a park. It knows
// no time and no other silo.
#pragma once

#include "thresher/runtime/grain/directory.h"

#include <map>
#include <mutex>

namespace thresher::runtime {

/// Thread-safe; never parks and never fails.
class LocalDirectory final : public Directory {
 public:
  Result<GrainAddress> register_address(const GrainAddress& address,
                                        const std::optional<GrainAddress>& previous) override;
  Result<void> unregister_address(const GrainAddress& address) override;
  Result<std::optional<GrainAddress>> lookup(const GrainId& grain) override;
  Result<void> unregister_silo(const SiloAddress& silo) override;
  std::size_t size() const;

 private:
  // Activations are registered by the worker that holds them; the lock is for different workers.
  mutable std::mutex lock_;
  std::map<GrainId, GrainAddress> rows_;
};

}  // namespace thresher::runtime
