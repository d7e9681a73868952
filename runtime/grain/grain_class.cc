// Checks of a grain class at start, and its table of methods. Everything wrong is found at once and
// said in words; nothing here runs after the start but `find`.
#include "thresher/runtime/grain/grain_class.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::runtime {

void Bindings::claim(InterfaceId id, std::string_view name, std::span<const MethodInfo> listed) {
  const auto at =
      std::find_if(claims.begin(), claims.end(), [id](const Claim& c) { return c.id == id; });
  Claim& claim = at != claims.end() ? *at : claims.emplace_back(Claim{id, name, {}});
  if (claim.methods.empty()) claim.methods.assign(listed.begin(), listed.end());
}

GrainClass::GrainClass(std::string type, GrainClassOptions options)
    : type_{std::move(type)}, options_{options} {}

bool GrainClass::implements(InterfaceId interface_id) const noexcept {
  const auto& claims = bindings_.claims;
  return std::any_of(claims.begin(), claims.end(),
                     [&](const Bindings::Claim& claim) { return claim.id == interface_id; });
}

const BoundMethod* GrainClass::find(MethodId method) const noexcept {
  THRESHER_ASSERT(!table_.empty());
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = method.value & mask; table_[at] != nullptr; at = (at + 1) & mask) {
    if (table_[at]->info.id == method) return table_[at];
  }
  return nullptr;
}

std::vector<std::string> GrainClass::seal(const ServiceRegistry& services) {
  std::vector<std::string> problems;
  check_methods(problems);
  check_services(services, problems);
  build_table();
  return problems;
}

void GrainClass::check_methods(std::vector<std::string>& problems) const {
  const auto count_of = [this](MethodId id) {
    return std::count_if(bindings_.methods.begin(), bindings_.methods.end(),
                         [id](const BoundMethod& bound) { return bound.info.id == id; });
  };
  const auto full_name = [](const MethodInfo& info) {
    return std::string{info.interface_name} + "." + std::string{info.name};
  };
  if (bindings_.claims.empty()) {
    problems.push_back("grain class '" + type_ + "' serves no interface");
  }
  for (const Bindings::Claim& claim : bindings_.claims) {
    for (const MethodInfo& method : claim.methods) {
      if (count_of(method.id) != 0) continue;
      problems.push_back("grain class '" + type_ + "' does not bind " + full_name(method));
    }
  }
  for (const BoundMethod& bound : bindings_.methods) {
    if (count_of(bound.info.id) == 1) continue;
    problems.push_back("grain class '" + type_ + "' binds " + full_name(bound.info) +
                       " more than once");
  }
}

void GrainClass::check_services(const ServiceRegistry& services,
                                std::vector<std::string>& problems) const {
  for (const ServiceNeed& need : needs_) {
    const std::size_t candidates = services.find(need.type, need.name).candidates;
    if (candidates == 1) continue;
    const std::string named = need.name.empty() ? "" : " named '" + need.name + "'";
    problems.push_back("grain class '" + type_ + "' takes a service of type " + need.type_text +
                       named + ", and " + std::to_string(candidates) + " are registered");
  }
}

void GrainClass::build_table() {
  std::size_t size = 4;
  while (size < 2 * bindings_.methods.size()) size *= 2;
  table_.assign(size, nullptr);
  for (const BoundMethod& bound : bindings_.methods) {
    if (find(bound.info.id) != nullptr) continue;  // Reported by the check.
    std::size_t at = bound.info.id.value & (size - 1);
    while (table_[at] != nullptr) at = (at + 1) & (size - 1);
    table_[at] = &bound;
  }
  THRESHER_ASSERT(std::count(table_.begin(), table_.end(), nullptr) > 0);
}

}  // namespace thresher::runtime
