// Kernels for tests of drivers and devices, as host bodies: fill, scale, and some that misbehave.
// `fill` and `scale` take (pointer, count, value) over 32-bit unsigned integers.
#pragma once

#include "thresher/gpu/host_kernel.h"

#include <array>

namespace thresher::sim {

namespace test_kernels {

inline gpu::DriverResult fill(gpu::HostKernelRun& run) {
  const auto count = run.argument<std::uint32_t>(1);
  const auto words = run.array<std::uint32_t>(0, count);
  for (std::uint32_t& word : words) word = run.argument<std::uint32_t>(2);
  return run.memory.fault();
}

inline gpu::DriverResult scale(gpu::HostKernelRun& run) {
  const auto count = run.argument<std::uint32_t>(1);
  const auto words = run.array<std::uint32_t>(0, count);
  for (std::uint32_t& word : words) word *= run.argument<std::uint32_t>(2);
  return run.memory.fault();
}

/// Ends as a failed device-side assert does.
inline gpu::DriverResult fails_assert(gpu::HostKernelRun&) { return gpu::DriverResult::assert; }

/// Ends as a trap does.
inline gpu::DriverResult traps(gpu::HostKernelRun&) { return gpu::DriverResult::launch_failed; }

/// Ends with a code that does not stay.
inline gpu::DriverResult runs_out(gpu::HostKernelRun&) {
  return gpu::DriverResult::launch_out_of_resources;
}

inline constexpr std::array functions{
    gpu::HostFunction{.name = "fill", .body = fill, .instructions_per_thread = 8},
    gpu::HostFunction{.name = "scale", .body = scale, .instructions_per_thread = 8},
    gpu::HostFunction{.name = "assert", .body = fails_assert, .instructions_per_thread = 1},
    gpu::HostFunction{.name = "trap", .body = traps, .instructions_per_thread = 1},
    gpu::HostFunction{.name = "runs_out", .body = runs_out, .instructions_per_thread = 1},
};

}  // namespace test_kernels

inline constexpr gpu::HostModule test_module{.name = "test",
                                             .functions = test_kernels::functions};

}  // namespace thresher::sim
