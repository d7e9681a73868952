// Every constant of the accelerator layer, as options with the published value as default.
//
// "Guide" marks values that the integration guide publishes; the others are ours, with the reason
// beside them. Structs are plain values, given to constructors; nobody changes them afterwards.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/base/time.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresher::gpu {

/// How one DeviceContext and the accelerators in it behave.
struct AcceleratorOptions {
  /// Streams an accelerator owns.
  std::uint32_t streams = 1;
  /// Streams made ahead, so that a forced reset under a stuck kernel needs no call that may block.
  std::uint32_t spare_streams = 1;
  /// Operations in flight a stream: the driver blocks when its queue of about 1024 is full.
  std::uint64_t stream_operations_max = 512;
  /// After this long a driver call that may block is given up, and its context is lost.
  runtime::Duration blocking_call_timeout = std::chrono::seconds{10};
  /// What a caller's earlier deadline is exceeded by at most before a blocking call is given up: a
  /// slow but healthy allocation must not cost the context.
  runtime::Duration blocking_call_grace = std::chrono::seconds{2};
  /// An accelerator with more quarantined bytes than this is not handed out.
  std::uint64_t quarantined_bytes_max = 64ull << 20;
};

/// The caching memory pool of a context.
struct MemoryPoolOptions {
  /// Smallest block; sizes double up to `power_of_two_max`, above it they round up to `large_step`.
  std::uint64_t block_bytes_min = 512;
  std::uint64_t power_of_two_max = 1ull << 20;
  std::uint64_t large_step = 2ull << 20;
  /// Cached (unused) bytes kept at most; beyond it, a block that comes back is given to the driver
  /// at the next trim.
  std::uint64_t cached_bytes_max = 1ull << 30;
};

/// Recovery of one driver process.
struct RecoveryOptions {
  /// Resets and canaries of one incident, all together.
  runtime::Duration incident_timeout = std::chrono::minutes{3};
  /// Full resets tried before the device is quarantined: the first may meet a slow device.
  std::uint32_t full_attempts_max = 2;
  /// Guide: presets of 5, 10 and 30 s; the levels of a recovery use these.
  runtime::Duration soft_timeout = std::chrono::seconds{5};
  runtime::Duration context_timeout = std::chrono::seconds{5};
  runtime::Duration hard_timeout = std::chrono::seconds{10};
  runtime::Duration full_timeout = std::chrono::seconds{30};
  /// The canary computes for microseconds; this is for a device that computes never.
  runtime::Duration canary_timeout = std::chrono::seconds{3};
};

/// The pool of accelerators.
struct PoolOptions {
  /// Guide: 4.
  std::uint32_t size = 4;
  /// Waiting acquires at most; beyond it `overloaded`.
  std::uint32_t waiters_max = 1024;
  /// An acquire without a deadline of its own waits this long.
  runtime::Duration acquire_timeout = std::chrono::seconds{30};
  /// Idle leases end after this long without use; `forever` for leases that end when returned.
  runtime::Duration lease_idle_timeout = runtime::forever;
  /// Creation of a member is given up after this long.
  runtime::Duration create_timeout = std::chrono::seconds{30};
  /// Pause before a failed member is made again while somebody waits; doubles up to `_max`.
  runtime::Duration retry_delay = std::chrono::milliseconds{100};
  runtime::Duration retry_delay_max = std::chrono::seconds{5};
  /// Devices to spread over, in this order; empty for all.
  std::vector<DeviceOrdinal> devices;
  /// True to give each device to one member at most.
  bool exclusive_devices = false;
};

/// Circuit breaker of one device. Guide: 3 failures, 5 minutes.
struct BreakerOptions {
  std::uint32_t failure_threshold = 3;
  runtime::Duration open_for = std::chrono::minutes{5};
};

/// Retries. Guide: 3 attempts, 100 ms x 2^attempt.
struct RetryOptions {
  std::uint32_t attempts_max = 3;
  runtime::Duration base_delay = std::chrono::milliseconds{100};
  runtime::Duration delay_max = std::chrono::seconds{10};
};

/// Housekeeping. Guide: a Soft reset every 1000 operations, a margin of 1.2, batches of 100,
/// cleanup every 5 minutes, 5 s for a deactivation of which 3 s for its reset.
struct HousekeepingOptions {
  std::uint64_t operations_per_reset = 1000;
  /// The margin as an exact ratio: 6/5.
  std::uint64_t memory_margin_num = 6;
  std::uint64_t memory_margin_den = 5;
  std::size_t batch_size = 100;
  runtime::Duration cleanup_period = std::chrono::minutes{5};
  runtime::Duration deactivation_timeout = std::chrono::seconds{5};
  runtime::Duration deactivation_reset_timeout = std::chrono::seconds{3};
};

}  // namespace thresher::gpu
