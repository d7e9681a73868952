// InProcessDriverHost: the driver of our own process, which can be neither killed nor replaced.
//
// The layer answers needs_isolation for it, and the silo fails closed.
#include "thresher/gpu/driver_host.h"

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

Result<std::uint32_t> InProcessDriverHost::device_count() {
  const Answer<std::uint32_t> count = driver_.device_count();
  if (!count) return runtime::Unexpected{to_error(count.error())};
  return *count;
}

Result<DriverProcess> InProcessDriverHost::start(DeviceOrdinal device, runtime::TimePoint) {
  THRESHER_TRY(count, device_count());
  if (device.value >= count) return fail(Errc::device_lost, device.value);
  return DriverProcess{.driver = &driver_, .incarnation = 1};
}

Result<void> InProcessDriverHost::kill(DeviceOrdinal device, std::uint64_t incarnation,
                                       runtime::TimePoint) {
  THRESHER_ASSERT(incarnation == 1);
  return fail(Errc::needs_isolation, device.value);
}

}  // namespace thresher::gpu
