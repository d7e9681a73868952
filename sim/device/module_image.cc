// Checks a host image once, at load, so that launches need not: modules load eagerly, and what is
// wrong with one shows here.
#include "thresher/sim/device/module_image.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::sim {

using gpu::DriverResult;

namespace {

gpu::Answer<ModuleState> load_host_image(const gpu::HostModule* host) {
  if (host == nullptr) return gpu::refuse(DriverResult::invalid_image);
  for (std::size_t at = 0; at < host->functions.size(); ++at) {
    const gpu::HostFunction& function = host->functions[at];
    if (function.name.empty() || function.body == nullptr) {
      return gpu::refuse(DriverResult::invalid_image);
    }
    for (std::size_t before = 0; before < at; ++before) {
      if (host->functions[before].name == function.name) {
        return gpu::refuse(DriverResult::invalid_image);
      }
    }
  }
  return ModuleState{.host = host};
}

}  // namespace

gpu::Answer<ModuleState> load_image(const gpu::ModuleImage& image) {
  switch (image.kind) {
    case gpu::ImageKind::host: return load_host_image(image.host);
    case gpu::ImageKind::ptx:
    case gpu::ImageKind::cubin: return gpu::refuse(DriverResult::not_supported);
  }
  THRESHER_UNREACHABLE();
}

const gpu::HostFunction* find_function(const ModuleState& module, std::string_view name) {
  THRESHER_ASSERT(module.host != nullptr);
  for (const gpu::HostFunction& function : module.host->functions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

}  // namespace thresher::sim
