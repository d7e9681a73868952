// Checks in the order of the hardware: alignment is found before the address is translated. The
// first bad access decides, as the first faulting thread does.
#include "thresher/sim/device/kernel_view.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <utility>

namespace thresher::sim {

std::span<std::byte> KernelView::access(gpu::DevicePointer at, std::uint64_t bytes,
                                        std::uint64_t alignment) {
  THRESHER_ASSERT(alignment > 0);
  if (bytes == 0) return {};
  if (at.value % alignment != 0) {
    refuse(gpu::DriverResult::misaligned_address,
           memory_.describe(at.value) + ", not aligned to " + std::to_string(alignment));
    return {};
  }
  const DeviceMemory::View view = memory_.view(context_, at.value, bytes);
  switch (view.access) {
    case DeviceMemory::Access::ok: last_ = view.bytes; return view.bytes;
    case DeviceMemory::Access::outside:
      refuse(gpu::DriverResult::illegal_address,
             "access of " + std::to_string(bytes) + " bytes; " + memory_.describe(at.value));
      return {};
    case DeviceMemory::Access::no_backing:
      refuse(gpu::DriverResult::operating_system,
             "the simulated device's host memory limit is reached");
      return {};
  }
  THRESHER_UNREACHABLE();
}

void KernelView::refuse(gpu::DriverResult code, std::string detail) {
  THRESHER_ASSERT(code != gpu::DriverResult::success);
  if (fault_ != gpu::DriverResult::success) return;
  fault_ = code;
  detail_ = std::move(detail);
}

bool KernelView::corrupt(std::uint64_t choice) noexcept {
  if (last_.empty()) return false;
  const std::uint64_t bit = runtime::scale(runtime::mix(choice), last_.size() * 8);
  THRESHER_ASSERT(bit / 8 < last_.size());
  last_[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
  return true;
}

}  // namespace thresher::sim
