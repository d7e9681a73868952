// Modules and launches of the simulated driver. A launch's configuration is checked at the call;
// what its body does is found out when it has run.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/call_entry.h"
#include "thresher/sim/device/driver_core.h"
#include "thresher/sim/device/module_image.h"
#include "thresher/sim/device/simulated_driver.h"

#include <utility>

namespace thresher::sim {

using gpu::Answer;
using gpu::ContextHandle;
using gpu::DriverCall;
using gpu::DriverResult;
using gpu::ModuleHandle;
using gpu::Status;

namespace {

/// Threads of one multiprocessor that run at once, on every architecture from 8.0 on but for
/// consumer cards; bounds cooperative grids.
constexpr std::uint64_t resident_threads = 2048;

DriverResult check_configuration(const gpu::Launch& launch, const gpu::DeviceProperties& device) {
  if (launch.grid.count() == 0 || launch.block.count() == 0) return DriverResult::invalid_value;
  if (launch.block.count() > device.threads_per_block_max) return DriverResult::invalid_value;
  if (launch.shared_bytes > device.shared_bytes_per_block_max) return DriverResult::invalid_value;
  THRESHER_ASSERT(launch.block.count() <= resident_threads);
  const std::uint64_t resident =
      device.multiprocessors * (resident_threads / launch.block.count());
  if (launch.cooperative && launch.grid.count() > resident) {
    return DriverResult::cooperative_launch_too_large;
  }
  return DriverResult::success;
}

}  // namespace

Answer<ModuleHandle> SimulatedDriver::module_load(ContextHandle context,
                                                  const gpu::ModuleImage& image) {
  CallEntry entry{core_, DriverCall::module_load, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  const auto module = load_image(image);
  if (!module) return runtime::Unexpected{module.error()};
  if (core_->options().module_load_waits) {
    if (const Status waited = entry.wait_for_context(); !waited.ok()) {
      return runtime::Unexpected{waited};
    }
  }
  const auto handle = entry.core().new_handle<ModuleHandle>();
  entry.context().modules.emplace(handle, *module);
  return handle;
}

Status SimulatedDriver::module_unload(ContextHandle context, ModuleHandle module) {
  CallEntry entry{core_, DriverCall::module_unload, context};
  if (entry.refused()) return entry.status();
  if (!entry.context().modules.contains(module)) {
    return entry.refuse(DriverResult::invalid_handle);
  }
  if (core_->options().module_unload_waits) {
    if (const Status waited = entry.wait_for_context(); !waited.ok()) return waited;
  }
  std::erase_if(entry.context().functions,
                [&](const auto& function) { return function.second.module == module; });
  const auto erased = entry.context().modules.erase(module);
  return erased == 1 ? Status{} : entry.refuse(DriverResult::invalid_handle);
}

Answer<gpu::FunctionHandle> SimulatedDriver::module_function(ContextHandle context,
                                                             ModuleHandle module,
                                                             std::string_view name) {
  CallEntry entry{core_, DriverCall::module_function, context};
  if (entry.refused()) return runtime::Unexpected{entry.status()};
  const auto found = entry.context().modules.find(module);
  if (found == entry.context().modules.end()) {
    return runtime::Unexpected{entry.refuse(DriverResult::invalid_handle)};
  }
  const gpu::HostFunction* function = find_function(found->second, name);
  if (function == nullptr) return gpu::refuse(DriverResult::not_found);
  THRESHER_ASSERT(function->body != nullptr);
  const auto handle = core_->new_handle<gpu::FunctionHandle>();
  entry.context().functions.emplace(handle,
                                    FunctionState{.function = function, .module = module});
  return handle;
}

Status SimulatedDriver::launch_kernel(ContextHandle context, const gpu::Launch& launch) {
  CallEntry entry{core_, DriverCall::launch_kernel, context};
  if (entry.refused()) return entry.status();
  const auto found = entry.context().functions.find(launch.function);
  if (found == entry.context().functions.end()) {
    return entry.refuse(DriverResult::invalid_handle);
  }
  const DeviceProfile& profile = entry.device().profile();
  const DriverResult wrong = check_configuration(launch, profile.properties);
  if (wrong != DriverResult::success) return entry.refuse(wrong);
  const gpu::HostFunction& function = *found->second.function;
  THRESHER_ASSERT(function.body != nullptr);
  Work work{.kind = WorkKind::kernel};
  work.cost = profile.kernel_cost(launch.grid.count() * launch.block.count(),
                                  function.instructions_per_thread);
  work.kernel = KernelWork{.function = &function,
                           .grid = launch.grid,
                           .block = launch.block,
                           .arguments = {launch.arguments.begin(), launch.arguments.end()}};
  const auto point = submit(entry, launch.stream, std::move(work));
  return point ? Status{} : point.error();
}

}  // namespace thresher::sim
