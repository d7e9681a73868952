// A device profile: what a device is and how long things take, in integers, from a JSON file.
//
// Times are nanoseconds of virtual time. A profile is data: two are built in, `default` (numbers
// from public measurements of several cards) and `h200` (predicted, not measured). A file names
// what differs from `default`; unknown keys and wrong types are refused with their path.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/base/expected.h"
#include "thresher/runtime/base/time.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::sim {

/// Why a profile was refused, for people: path, value and remedy in one line.
struct ProfileError {
  std::string message;
};

struct DeviceProfile {
  std::string name = "default";
  /// Where the numbers come from.
  std::string origin;
  gpu::DeviceProperties properties;

  /// Device memory that a context takes for itself, and a process for its first context none more.
  std::uint64_t context_bytes = 0;
  std::uint32_t copy_engines = 2;
  std::uint32_t kernels_per_context = 4;
  /// Launches a stream holds before the driver blocks.
  std::uint32_t stream_depth_max = 1024;
  /// True when the device contains an uncorrectable memory error to the process that met it.
  bool contains_errors = true;

  /// Host time of each call, by DriverCall.
  std::array<std::int64_t, gpu::driver_call_count> call_ns{};
  /// Added to module_load of a PTX image.
  std::int64_t ptx_compile_ns = 0;

  /// Device time of a kernel: fixed, and thread instructions by throughput.
  std::int64_t kernel_fixed_ns = 0;
  std::uint64_t instructions_per_us = 1;
  /// Device time of a copy: fixed, and bytes by bandwidth.
  std::int64_t copy_fixed_ns = 0;
  std::uint64_t bytes_to_device_per_us = 1;
  std::uint64_t bytes_to_host_per_us = 1;
  std::uint64_t bytes_on_device_per_us = 1;

  runtime::Duration host_cost(gpu::DriverCall call) const noexcept {
    return runtime::Duration{call_ns[static_cast<std::size_t>(call)]};
  }
  /// Device time of a kernel of `threads` threads. Rounded up.
  runtime::Duration kernel_cost(std::uint64_t threads,
                                std::uint32_t instructions_per_thread) const noexcept;
  /// Device time to move `bytes` at `bytes_per_us`. Rounded up. Requires: bytes_per_us > 0.
  runtime::Duration copy_cost(std::uint64_t bytes, std::uint64_t bytes_per_us) const noexcept;

  /// A built-in profile. Errors: no such profile; the message lists the names.
  static runtime::Expected<DeviceProfile, ProfileError> named(std::string_view name);
  static std::vector<std::string> names();
  /// Parses a profile's JSON text over the default one. Errors: the first thing that is wrong.
  static runtime::Expected<DeviceProfile, ProfileError> parse(std::string_view text);
  /// The built-in default.
  static const DeviceProfile& standard();
};

}  // namespace thresher::sim
