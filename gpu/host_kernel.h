// Host bodies of kernels: what a device without a compiler can run (the simulated one).
//
// A body is a plain function that computes what the kernel computes, for the whole grid at once,
// through a checked view of device memory: what it may not touch ends it with the code that CUDA
// gives. A body is deterministic: no clocks, no randomness, no floating-point contraction.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/base/assert.h"

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace thresher::gpu {

/// Device memory as a running kernel sees it; implemented by the device that runs the body.
class KernelMemory {
 public:
  virtual ~KernelMemory() = default;
  /// The bytes [at, at + bytes), or an empty span when any of them is outside one allocation of
  /// the kernel's context, or misaligned to `alignment`: the body then returns `fault()`.
  virtual std::span<std::byte> access(DevicePointer at, std::uint64_t bytes,
                                      std::uint64_t alignment) = 0;
  /// The code of the first bad access; success when there was none.
  virtual DriverResult fault() const noexcept = 0;
};

/// One launch, as its body sees it.
struct HostKernelRun {
  Dim3 grid;
  Dim3 block;
  std::span<const KernelArgument> arguments;
  KernelMemory& memory;

  /// Argument `index` as a T. Requires: it exists and has that size.
  template <typename T>
  T argument(std::size_t index) const {
    THRESHER_ASSERT(index < arguments.size());
    THRESHER_ASSERT(arguments[index].size == sizeof(T));
    T value;
    std::memcpy(&value, arguments[index].bytes.data(), sizeof(T));
    return value;
  }
  /// `count` elements at the device pointer in argument `index`; empty after a bad access.
  template <typename T>
  std::span<T> array(std::size_t index, std::uint64_t count) const {
    const auto bytes =
        memory.access(argument<DevicePointer>(index), count * sizeof(T), alignof(T));
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

/// Runs one launch and gives success or the code that the device reports asynchronously.
using HostKernelBody = DriverResult (*)(HostKernelRun& run);

struct HostFunction {
  std::string_view name;
  HostKernelBody body = nullptr;
  /// For the cost model: device instructions a thread executes, roughly.
  std::uint32_t instructions_per_thread = 16;
};

/// A module of host bodies; a constant that outlives every driver.
struct HostModule {
  std::string_view name;
  std::span<const HostFunction> functions;
};

}  // namespace thresher::gpu
