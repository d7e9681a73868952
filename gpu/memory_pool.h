// MemoryPool: caches device memory of one context by size class.
//
// A block is in use, cached or quarantined, and every byte that the driver gave is in one of
// them or on its way back (asserted at each change). A cached block carries the event of its
// last use on each stream; another stream gets it only after those have happened, the same
// stream at once. When the driver has no memory left, the cache is trimmed and the driver asked
// once more. Quarantined blocks stay until `forget`. Any worker; the lock is never held over a
// call into the source.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace thresher::gpu {

/// The last use of a block on one stream.
struct Fence {
  StreamHandle stream;
  EventHandle event;
};

/// One block, as it is handed out; its content is whatever was in it before.
struct PoolBlock {
  DevicePointer at;
  std::uint64_t bytes = 0;
};

/// Where the pool gets its memory from; made for one call, it carries the right to call the driver.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  /// Parks. Errors: capacity, and the device's own.
  virtual runtime::Result<DevicePointer> allocate(std::uint64_t bytes) = 0;
  /// Parks until no work uses it. Errors: the device's own; the memory counts as quarantined then.
  virtual runtime::Result<void> release(DevicePointer at) = 0;
  /// True when the event has happened. Errors: the device's own.
  virtual runtime::Result<bool> passed(EventHandle event) = 0;
  /// Takes back an event that nobody looks at any more.
  virtual void recycle(EventHandle event) noexcept = 0;
};

struct MemoryPoolStatistics {
  /// What the driver gave and has not got back: always the sum of the four below.
  std::uint64_t allocated_bytes = 0;
  std::uint64_t in_use_bytes = 0;
  std::uint64_t cached_bytes = 0;
  std::uint64_t quarantined_bytes = 0;
  std::uint64_t moving_bytes = 0;
  /// Of the bytes in use, those that somebody asked for; the rest is rounding.
  std::uint64_t requested_bytes = 0;
  std::uint64_t in_use_bytes_peak = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t trims = 0;
  std::uint64_t blocks_in_use = 0;

  /// Thousandths of the bytes in use that rounding costs.
  std::uint64_t fragmentation_permille() const noexcept {
    return in_use_bytes == 0 ? 0 : (in_use_bytes - requested_bytes) * 1000 / in_use_bytes;
  }
};

class MemoryPool {
 public:
  explicit MemoryPool(const MemoryPoolOptions& options) : options_{options} {}
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// The size of the block that `bytes` get. Requires: bytes >= 1.
  std::uint64_t block_bytes(std::uint64_t bytes) const noexcept;
  /// A block of at least `bytes` for use on `stream`. Parks. Errors: capacity, the device's own.
  runtime::Result<PoolBlock> allocate(MemorySource& source, std::uint64_t bytes,
                                      StreamHandle stream);
  /// Into the cache. `fences` are the uses that may not be over. Requires: the block is in use.
  void give_back(DevicePointer at, std::vector<Fence> fences);
  /// Away from everybody until `forget`. Requires: the block is in use. Gives its size.
  std::uint64_t quarantine(DevicePointer at) noexcept;
  /// Gives cached blocks whose uses are over to the driver until at most `keep_bytes` are cached.
  /// Parks. Gives the bytes freed; on an error too few were. Errors: the device's own.
  runtime::Result<std::uint64_t> trim(MemorySource& source, std::uint64_t keep_bytes);
  /// True when the cache holds more than its limit.
  bool wants_trim() const noexcept;
  /// The context is gone, and all memory with it. Gives the bytes lost. Requires: no call is
  /// inside.
  std::uint64_t forget() noexcept;

  MemoryPoolStatistics statistics() const noexcept;

 private:
  struct InUse {
    std::uint64_t bytes = 0;
    std::uint64_t requested = 0;
  };
  struct Cached {
    DevicePointer at;
    std::uint64_t bytes = 0;
    std::vector<Fence> fences;
  };

  runtime::Result<bool> settled(MemorySource& source, Cached& block, StreamHandle stream);
  runtime::Result<bool> take_cached(MemorySource& source, std::uint64_t bytes, StreamHandle stream,
                                    Cached& taken);
  bool pop(std::uint64_t bytes, Cached& taken) noexcept;
  bool pop_any(Cached& taken) noexcept;
  void push(Cached block);
  void put_in_use(const Cached& block, std::uint64_t requested);
  void check_balance() const noexcept;

  MemoryPoolOptions options_;
  mutable runtime::ShortLock lock_;
  std::map<DevicePointer, InUse> in_use_;
  /// By size; the block that came back first is tried first.
  std::map<std::uint64_t, std::deque<Cached>> cached_;
  MemoryPoolStatistics statistics_;
};

}  // namespace thresher::gpu
