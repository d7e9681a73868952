// MemoryPool: bookkeeping under a short lock, with calls into the source between.
//
// A block that a call is busy with counts as moving, so that the balance holds at each step.
#include "thresher/gpu/memory_pool.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <mutex>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::Result;

namespace {

using Guard = std::lock_guard<runtime::ShortLock>;

/// Cached blocks looked at before the driver is asked: those behind came back even later.
constexpr int candidates_max = 4;

}  // namespace

std::uint64_t MemoryPool::block_bytes(std::uint64_t bytes) const noexcept {
  THRESHER_ASSERT(bytes >= 1);
  std::uint64_t size = options_.block_bytes_min;
  while (size < bytes && size < options_.power_of_two_max) size *= 2;
  if (bytes <= size) return size;
  const std::uint64_t steps = (bytes - 1) / options_.large_step + 1;
  THRESHER_ASSERT(steps <= UINT64_MAX / options_.large_step);
  return steps * options_.large_step;
}

Result<PoolBlock> MemoryPool::allocate(MemorySource& source, std::uint64_t bytes,
                                       StreamHandle stream) {
  const std::uint64_t size = block_bytes(bytes);
  Cached block;
  THRESHER_TRY(hit, take_cached(source, size, stream, block));
  if (!hit) {
    Result<DevicePointer> fresh = source.allocate(size);
    if (!fresh && fresh.error().code == Errc::capacity) {
      THRESHER_TRY_VOID(trim(source, 0));
      fresh = source.allocate(size);
    }
    if (!fresh) return runtime::Unexpected{fresh.error()};
    block = Cached{.at = *fresh, .bytes = size, .fences = {}};
  }
  const Guard guard{lock_};
  if (hit) {
    statistics_.moving_bytes -= size;
    ++statistics_.hits;
  } else {
    statistics_.allocated_bytes += size;
    ++statistics_.misses;
  }
  put_in_use(block, bytes);
  return PoolBlock{.at = block.at, .bytes = size};
}

void MemoryPool::put_in_use(const Cached& block, std::uint64_t requested) {
  const auto [at, fresh] = in_use_.emplace(block.at, InUse{block.bytes, requested});
  THRESHER_ASSERT(fresh);
  statistics_.in_use_bytes += block.bytes;
  statistics_.requested_bytes += requested;
  ++statistics_.blocks_in_use;
  statistics_.in_use_bytes_peak =
      std::max(statistics_.in_use_bytes_peak, statistics_.in_use_bytes);
  check_balance();
}

Result<bool> MemoryPool::take_cached(MemorySource& source, std::uint64_t bytes,
                                     StreamHandle stream, Cached& taken) {
  for (int i = 0; i < candidates_max; ++i) {
    if (!pop(bytes, taken)) return false;
    const Result<bool> ready = settled(source, taken, stream);
    if (ready && *ready) return true;
    push(std::move(taken));
    if (!ready) return runtime::Unexpected{ready.error()};
  }
  return false;
}

Result<bool> MemoryPool::settled(MemorySource& source, Cached& block, StreamHandle stream) {
  while (!block.fences.empty()) {
    const Fence fence = block.fences.back();
    // Work on the same stream runs in order: nothing to wait for. The event is just not needed.
    if (fence.stream != stream) {
      THRESHER_TRY(passed, source.passed(fence.event));
      if (!passed) return false;
    }
    block.fences.pop_back();
    source.recycle(fence.event);
  }
  return true;
}

bool MemoryPool::pop(std::uint64_t bytes, Cached& taken) noexcept {
  const Guard guard{lock_};
  const auto at = cached_.find(bytes);
  if (at == cached_.end() || at->second.empty()) return false;
  taken = std::move(at->second.front());
  at->second.pop_front();
  statistics_.cached_bytes -= taken.bytes;
  statistics_.moving_bytes += taken.bytes;
  check_balance();
  return true;
}

bool MemoryPool::pop_any(Cached& taken) noexcept {
  std::uint64_t largest = 0;
  {
    const Guard guard{lock_};
    for (const auto& [bytes, blocks] : cached_) {
      if (!blocks.empty()) largest = bytes;
    }
  }
  return largest != 0 && pop(largest, taken);
}

void MemoryPool::push(Cached block) {
  const Guard guard{lock_};
  statistics_.moving_bytes -= block.bytes;
  statistics_.cached_bytes += block.bytes;
  cached_[block.bytes].push_back(std::move(block));
  check_balance();
}

void MemoryPool::give_back(DevicePointer at, std::vector<Fence> fences) {
  const Guard guard{lock_};
  const auto found = in_use_.find(at);
  THRESHER_ASSERT(found != in_use_.end());
  const InUse block = found->second;
  in_use_.erase(found);
  statistics_.in_use_bytes -= block.bytes;
  statistics_.requested_bytes -= block.requested;
  --statistics_.blocks_in_use;
  statistics_.cached_bytes += block.bytes;
  cached_[block.bytes].push_back(Cached{at, block.bytes, std::move(fences)});
  check_balance();
}

std::uint64_t MemoryPool::quarantine(DevicePointer at) noexcept {
  const Guard guard{lock_};
  const auto found = in_use_.find(at);
  THRESHER_ASSERT(found != in_use_.end());
  const InUse block = found->second;
  in_use_.erase(found);
  statistics_.in_use_bytes -= block.bytes;
  statistics_.requested_bytes -= block.requested;
  --statistics_.blocks_in_use;
  statistics_.quarantined_bytes += block.bytes;
  check_balance();
  return block.bytes;
}

Result<std::uint64_t> MemoryPool::trim(MemorySource& source, std::uint64_t keep_bytes) {
  std::uint64_t freed = 0;
  std::vector<Cached> busy;
  runtime::Result<void> outcome;
  Cached block;
  while (outcome && statistics().cached_bytes > keep_bytes && pop_any(block)) {
    const Result<bool> ready = settled(source, block, StreamHandle{});
    if (!ready || !*ready) {
      busy.push_back(std::move(block));
      if (!ready) outcome = runtime::Unexpected{ready.error()};
      continue;
    }
    outcome = source.release(block.at);
    const Guard guard{lock_};
    statistics_.moving_bytes -= block.bytes;
    if (outcome) {
      freed += block.bytes;
      statistics_.allocated_bytes -= block.bytes;
    } else {
      statistics_.quarantined_bytes += block.bytes;
    }
    check_balance();
  }
  for (Cached& each : busy) push(std::move(each));
  const Guard guard{lock_};
  ++statistics_.trims;
  if (!outcome) return runtime::Unexpected{outcome.error()};
  return freed;
}

bool MemoryPool::wants_trim() const noexcept {
  const Guard guard{lock_};
  return statistics_.cached_bytes > options_.cached_bytes_max;
}

std::uint64_t MemoryPool::forget() noexcept {
  const Guard guard{lock_};
  const std::uint64_t lost = statistics_.allocated_bytes;
  in_use_.clear();
  cached_.clear();
  statistics_.allocated_bytes = 0;
  statistics_.in_use_bytes = 0;
  statistics_.cached_bytes = 0;
  statistics_.quarantined_bytes = 0;
  statistics_.moving_bytes = 0;
  statistics_.requested_bytes = 0;
  statistics_.blocks_in_use = 0;
  return lost;
}

MemoryPoolStatistics MemoryPool::statistics() const noexcept {
  const Guard guard{lock_};
  return statistics_;
}

void MemoryPool::check_balance() const noexcept {
  const MemoryPoolStatistics& s = statistics_;
  THRESHER_ASSERT(s.allocated_bytes ==
                  s.in_use_bytes + s.cached_bytes + s.quarantined_bytes + s.moving_bytes);
  THRESHER_ASSERT(s.requested_bytes <= s.in_use_bytes);
}

}  // namespace thresher::gpu
