// Names of the driver's calls, in the order of DriverCall.
//
// What a fault plan, a trace and a conformance case call them.
#include "thresher/gpu/driver.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::gpu {

namespace {

constexpr std::array<std::string_view, driver_call_count> names{
    "device_count",         "device_properties",   "context_create",
    "context_destroy",      "primary_context_retain", "primary_context_release",
    "primary_context_reset", "context_synchronize", "memory_info",
    "memory_allocate",      "memory_free",         "host_allocate",
    "host_free",            "copy_to_device",      "copy_to_host",
    "copy_on_device",       "memory_set",          "stream_create",
    "stream_destroy",       "stream_query",        "stream_synchronize",
    "stream_wait_event",    "event_create",        "event_destroy",
    "event_record",         "event_query",         "module_load",
    "module_unload",        "module_function",     "launch_kernel",
    "notify"};

}  // namespace

static_assert(static_cast<std::size_t>(DriverCall::notify) + 1 == driver_call_count);
static_assert(names[static_cast<std::size_t>(DriverCall::launch_kernel)] == "launch_kernel");

std::string_view name(DriverCall call) noexcept {
  const auto index = static_cast<std::size_t>(call);
  THRESHER_ASSERT(index < names.size());
  return names[index];
}

}  // namespace thresher::gpu
