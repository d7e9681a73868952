// Lookup of services by type and name. Says how many would fit, so that the check at start can tell
// missing from ambiguous.
#include "thresher/runtime/grain/service_registry.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

void ServiceRegistry::add_untyped(std::type_index type, std::string name, void* service) {
  THRESHER_ASSERT(service != nullptr);
  services_[type].emplace(std::move(name), service);
}

ServiceRegistry::Found ServiceRegistry::find(std::type_index type, std::string_view name) const {
  const auto of_type = services_.find(type);
  if (of_type == services_.end()) return {};
  const auto& by_name = of_type->second;
  if (name.empty() && by_name.count(name) == 0) {
    if (by_name.size() == 1) return {by_name.begin()->second, 1};
    return {nullptr, by_name.size()};
  }
  const std::size_t candidates = by_name.count(name);
  if (candidates != 1) return {nullptr, candidates};
  return {by_name.find(name)->second, 1};
}

}  // namespace thresher::runtime
