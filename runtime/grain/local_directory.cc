// Compare-and-set over a map. The map is ordered, so that removing a silo's rows is the same in
// every run.
#include "thresher/runtime/grain/local_directory.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

Result<GrainAddress> LocalDirectory::register_address(
    const GrainAddress& address, const std::optional<GrainAddress>& previous) {
  THRESHER_ASSERT(!address.grain.empty());
  const std::scoped_lock guard{lock_};
  const auto [row, added] = rows_.try_emplace(address.grain, address);
  if (!added && previous && row->second == *previous) row->second = address;
  return row->second;
}

Result<void> LocalDirectory::unregister_address(const GrainAddress& address) {
  const std::scoped_lock guard{lock_};
  const auto row = rows_.find(address.grain);
  if (row != rows_.end() && row->second.activation == address.activation) rows_.erase(row);
  return {};
}

Result<std::optional<GrainAddress>> LocalDirectory::lookup(const GrainId& grain) {
  const std::scoped_lock guard{lock_};
  const auto row = rows_.find(grain);
  if (row == rows_.end()) return std::optional<GrainAddress>{};
  return std::optional<GrainAddress>{row->second};
}

Result<void> LocalDirectory::unregister_silo(const SiloAddress& silo) {
  const std::scoped_lock guard{lock_};
  std::erase_if(rows_, [&](const auto& row) { return row.second.silo == silo; });
  return {};
}

std::size_t LocalDirectory::size() const {
  const std::scoped_lock guard{lock_};
  return rows_.size();
}

}  // namespace thresher::runtime
