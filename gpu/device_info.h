// What is told about a device and an accelerator on it.
//
// Plain values, copied freely; a stamp is compared, never interpreted.
#pragma once

#include "thresher/gpu/driver.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thresher::gpu {

/// Kinds of accelerators that can be asked for by name. Only cuda exists; the others are typed
/// errors (`unsupported`), as in DotCompute a back end that is documented and not there.
enum class AcceleratorKind : std::uint8_t { cuda, opencl, metal, cpu };
std::string_view name(AcceleratorKind kind) noexcept;

/// The guide's DeviceInfo: a value at one instant.
struct DeviceInfo {
  DeviceOrdinal device_id;
  std::string device_name;
  AcceleratorKind backend_type = AcceleratorKind::cuda;
  std::uint64_t total_memory = 0;
  /// Free on the device plus what the context's own pool keeps cached.
  std::uint64_t available_memory = 0;
  std::uint32_t compute_major = 0;
  std::uint32_t compute_minor = 0;
};

/// Identifies an accelerator within its factory; never reused.
struct AcceleratorId {
  std::uint64_t value = 0;
  friend auto operator<=>(const AcceleratorId&, const AcceleratorId&) = default;
};

/// What every handle carries. A call with a stamp that is not its context's present one answers
/// stale_handle and never reaches the driver, since addresses and handles are used again.
struct Stamp {
  DeviceOrdinal device;
  std::uint64_t context = 0;
  std::uint64_t epoch = 0;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

}  // namespace thresher::gpu
