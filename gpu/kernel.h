// A loaded kernel and the arguments of a launch.
//
// A Kernel is a handle: a value with the stamp of the context it was loaded into. Context, Hard and
// Full resets drop loaded kernels; a handle from before answers stale_handle, and loading again
// costs no compile while the code cache still knows the source.
#pragma once

#include "thresher/gpu/compiler.h"
#include "thresher/gpu/device_info.h"
#include "thresher/gpu/driver.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace thresher::gpu {

class RawBuffer;

/// Made by Accelerator::load; copies are the same kernel. The default one is stale everywhere.
class Kernel {
 public:
  Kernel() noexcept = default;
  std::string_view name() const noexcept { return name_; }
  const Stamp& stamp() const noexcept { return stamp_; }

 private:
  friend class Accelerator;
  Kernel(Stamp stamp, AcceleratorId accelerator, std::uint64_t id, std::string_view name) noexcept
      : stamp_{stamp}, accelerator_{accelerator}, id_{id}, name_{name} {}
  Stamp stamp_;
  AcceleratorId accelerator_;
  std::uint64_t id_ = 0;
  std::string_view name_;
};

/// Grid, block and stream of one launch.
struct LaunchShape {
  Dim3 grid{};
  Dim3 block{};
  std::uint32_t shared_bytes = 0;
  bool cooperative = false;
  /// Index of one of the accelerator's streams.
  std::uint32_t stream = 0;

  /// One thread an element, blocks of `block_size`. Requires: both at least 1.
  static LaunchShape linear(std::uint64_t elements, std::uint32_t block_size = 256) noexcept {
    const auto blocks = static_cast<std::uint32_t>((elements + block_size - 1) / block_size);
    return LaunchShape{.grid = {blocks, 1, 1}, .block = {block_size, 1, 1}};
  }
};

/// Arguments in order: buffers by handle, everything else by value. Borrows the buffers until the
/// launch call returns.
class Arguments {
 public:
  struct Slot {
    /// Not null: the buffer whose address goes here once it was found alive.
    const RawBuffer* buffer = nullptr;
    KernelArgument value;
  };

  Arguments& add(const RawBuffer& buffer) {
    slots_.push_back({&buffer, {}});
    return *this;
  }
  template <typename T>
    requires(std::is_arithmetic_v<T>)
  Arguments& add(T value) {
    slots_.push_back({nullptr, KernelArgument::of(value)});
    return *this;
  }
  std::span<const Slot> slots() const noexcept { return slots_; }

 private:
  std::vector<Slot> slots_;
};

/// `arguments(input, output, 2.0f, count)`.
template <typename... Values>
Arguments arguments(const Values&... values) {
  Arguments result;
  (result.add(values), ...);
  return result;
}

}  // namespace thresher::gpu
