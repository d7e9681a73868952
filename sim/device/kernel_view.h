// Device memory as one running kernel sees it: every access checked against the allocations of its
// context, the first bad one remembered with words about what lies nearby.
#pragma once

#include "thresher/gpu/host_kernel.h"
#include "thresher/sim/device/device_memory.h"

#include <string>
#include <vector>

namespace thresher::sim {

class KernelView final : public gpu::KernelMemory {
 public:
  /// `memory` outlives the view; the view lives for one run of one body.
  KernelView(DeviceMemory& memory, DeviceContextId context) noexcept
      : memory_{memory}, context_{context} {}

  std::span<std::byte> access(gpu::DevicePointer at, std::uint64_t bytes,
                              std::uint64_t alignment) override;
  gpu::DriverResult fault() const noexcept override { return fault_; }
  const std::string& detail() const noexcept { return detail_; }
  /// Flips one bit of the last range the body was given (kernels write their output last);
  /// `choice` picks the bit. False when it touched nothing.
  bool corrupt(std::uint64_t choice) noexcept;

 private:
  void refuse(gpu::DriverResult code, std::string detail);

  DeviceMemory& memory_;
  DeviceContextId context_;
  gpu::DriverResult fault_ = gpu::DriverResult::success;
  std::string detail_;
  std::span<std::byte> last_;
};

}  // namespace thresher::sim
