// How a simulated driver behaves where documentation and hardware leave it open.
//
// Defaults are the pessimistic reading: errors reach the whole process, and what may wait for a
// stuck kernel does. Tests and swarms turn single ones round.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/base/time.h"

#include <cstdint>

namespace thresher::sim {

/// How far an error that cuda.h calls process-wide really reaches (older headers: the context).
enum class StickyScope : std::uint8_t { process, context };

/// What destroying or resetting a context does to a kernel that still runs in it; nobody has
/// published an answer.
enum class DestroyPolicy : std::uint8_t { waits, kills, kills_after };

/// Hears of misuse that the real driver would answer with a crash or a stopped thread.
class DriverWatch {
 public:
  virtual ~DriverWatch() = default;
  /// A destroyed or unknown handle reached the driver.
  virtual void stale_handle(gpu::DriverCall call) noexcept = 0;
  /// `call` blocks on a worker of the process, outside `run_blocking`.
  virtual void blocks_worker(gpu::DriverCall call) noexcept = 0;
};

struct DriverOptions {
  StickyScope sticky_scope = StickyScope::process;
  DestroyPolicy destroy_policy = DestroyPolicy::waits;
  /// For `kills_after`.
  runtime::Duration destroy_patience = std::chrono::seconds{2};
  /// Which calls wait for all work of their context first (implicit synchronisation).
  bool free_waits = true;
  bool module_unload_waits = true;
  bool allocate_waits = false;
  bool module_load_waits = false;
  /// Pinned host memory of one process.
  std::uint64_t host_bytes_max = std::uint64_t{4} << 30;
  /// May be null; outlives the driver.
  DriverWatch* watch = nullptr;
};

}  // namespace thresher::sim
