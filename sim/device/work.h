// One piece of work in a stream of the simulated device: what it does, how long it takes, and what
// shall go wrong with it.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/host_kernel.h"
#include "thresher/runtime/base/time.h"
#include "thresher/sim/device/device_ids.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thresher::sim {

/// The part of the device that does a piece of work. `none` takes no time and no turn.
enum class EngineKind : std::uint8_t { none, compute, copy_in, copy_out };

enum class WorkKind : std::uint8_t {
  kernel,
  copy_to_device,
  copy_to_host,
  copy_on_device,
  memory_set,
  record,  ///< Marks a point of the stream; done when all before it is.
  wait,    ///< Holds the stream until another stream's point is reached.
};

/// A point of a stream: everything submitted to `queue` up to `sequence`. Sequence 0 is reached
/// from the start.
struct StreamPoint {
  QueueId queue;
  std::uint64_t sequence = 0;
};

/// How a kernel is stuck; decides what lets it go.
enum class StuckUntil : std::uint8_t { context_destroyed, process_replaced, never };

/// What goes wrong with one piece of work; the default is nothing.
struct WorkFault {
  /// Ends with this code instead of running; success runs it.
  gpu::DriverResult result = gpu::DriverResult::success;
  /// Never ends, but for what `until` says.
  bool stuck = false;
  StuckUntil until = StuckUntil::process_replaced;
  /// Takes this much longer.
  runtime::Duration delay{0};
  /// Flips one bit of what it wrote, silently.
  bool corrupt = false;

  bool any() const noexcept {
    return result != gpu::DriverResult::success || stuck || delay.count() > 0 || corrupt;
  }
};

/// A launch, copied from the caller.
struct KernelWork {
  const gpu::HostFunction* function = nullptr;
  gpu::Dim3 grid{};
  gpu::Dim3 block{};
  std::vector<gpu::KernelArgument> arguments{};
};

struct Work {
  WorkKind kind = WorkKind::record;
  /// Place in the order of everything submitted to the device; given by the timeline.
  std::uint64_t sequence = 0;
  runtime::Duration cost{0};
  gpu::DevicePointer to{};
  gpu::DevicePointer from{};
  std::uint64_t bytes = 0;
  std::byte value{};
  /// Host side of a copy: pinned memory is read and written when the copy runs, pageable memory
  /// was staged at the call.
  std::span<const std::byte> host_from{};
  std::span<std::byte> host_to{};
  std::vector<std::byte> staged{};
  KernelWork kernel{};
  StreamPoint awaited{};
  WorkFault fault{};
};

EngineKind engine_of(WorkKind kind) noexcept;

}  // namespace thresher::sim
