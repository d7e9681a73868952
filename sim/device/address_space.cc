// First fit over an ordered map of free ranges; small requests in slabs of one page. Addresses
// decide everything, so two runs with the same requests give the same addresses.
#include "thresher/sim/device/address_space.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <iterator>

namespace thresher::sim {

FreeRanges::FreeRanges(std::uint64_t base, std::uint64_t bytes)
    : base_{base}, bytes_{bytes}, free_{bytes} {
  THRESHER_ASSERT(bytes > 0);
  ranges_.emplace(base, bytes);
}

std::optional<std::uint64_t> FreeRanges::take(std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  for (auto range = ranges_.begin(); range != ranges_.end(); ++range) {
    if (range->second < bytes) continue;
    const std::uint64_t address = range->first;
    const std::uint64_t rest = range->second - bytes;
    range = ranges_.erase(range);
    if (rest > 0) ranges_.emplace_hint(range, address + bytes, rest);
    free_ -= bytes;
    return address;
  }
  return std::nullopt;
}

bool FreeRanges::take_at(std::uint64_t address, std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  auto range = ranges_.upper_bound(address);
  if (range == ranges_.begin()) return false;
  --range;
  const auto [start, size] = *range;
  if (address + bytes > start + size) return false;
  ranges_.erase(range);
  if (address > start) ranges_.emplace(start, address - start);
  if (start + size > address + bytes) {
    ranges_.emplace(address + bytes, start + size - address - bytes);
  }
  free_ -= bytes;
  return true;
}

void FreeRanges::give(std::uint64_t address, std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  THRESHER_ASSERT(address >= base_ && address + bytes <= base_ + bytes_);
  auto after = ranges_.lower_bound(address);
  THRESHER_ASSERT(after == ranges_.end() || address + bytes <= after->first);
  free_ += bytes;
  if (after != ranges_.end() && after->first == address + bytes) {
    bytes += after->second;
    after = ranges_.erase(after);
  }
  if (after != ranges_.begin()) {
    const auto before = std::prev(after);
    THRESHER_ASSERT(before->first + before->second <= address);
    if (before->first + before->second == address) {
      before->second += bytes;
      return;
    }
  }
  ranges_.emplace_hint(after, address, bytes);
}

std::uint64_t FreeRanges::largest() const noexcept {
  std::uint64_t largest = 0;
  for (const auto& [address, bytes] : ranges_) largest = std::max(largest, bytes);
  return largest;
}

AddressSpace::AddressSpace(std::uint64_t base, std::uint64_t bytes)
    : base_{base}, bytes_{bytes}, pages_{base, bytes} {
  THRESHER_ASSERT(base > 0 && base % page_bytes == 0);
  THRESHER_ASSERT(bytes % page_bytes == 0);
}

std::uint64_t AddressSpace::rounded(std::uint64_t bytes) noexcept {
  const std::uint64_t unit = bytes < small_bytes_limit ? grain_bytes : page_bytes;
  return (bytes + unit - 1) / unit * unit;
}

std::optional<std::uint64_t> AddressSpace::allocate(std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  if (bytes > bytes_) return std::nullopt;
  const std::uint64_t taken = rounded(bytes);
  if (bytes < small_bytes_limit) return allocate_small(taken);
  const auto address = pages_.take(taken);
  if (address) blocks_.emplace(*address, Block{.bytes = taken, .slab = 0});
  return address;
}

std::optional<std::uint64_t> AddressSpace::allocate_small(std::uint64_t bytes) {
  for (auto& [slab, ranges] : slabs_) {
    if (const auto address = ranges.take(bytes)) {
      blocks_.emplace(*address, Block{.bytes = bytes, .slab = slab});
      return address;
    }
  }
  const auto slab = pages_.take(page_bytes);
  if (!slab) return std::nullopt;
  auto& ranges = slabs_.emplace(*slab, FreeRanges{*slab, page_bytes}).first->second;
  const auto address = ranges.take(bytes);
  THRESHER_ASSERT(address.has_value());
  blocks_.emplace(*address, Block{.bytes = bytes, .slab = *slab});
  return address;
}

void AddressSpace::release(std::uint64_t address) {
  const auto found = blocks_.find(address);
  THRESHER_ASSERT(found != blocks_.end());
  const Block block = found->second;
  blocks_.erase(found);
  if (block.slab == 0) {
    pages_.give(address, block.bytes);
    return;
  }
  const auto slab = slabs_.find(block.slab);
  THRESHER_ASSERT(slab != slabs_.end());
  slab->second.give(address, block.bytes);
  if (slab->second.all_free()) {
    slabs_.erase(slab);
    pages_.give(block.slab, page_bytes);
  }
}

std::uint64_t AddressSpace::fragment(std::uint64_t hole_bytes) {
  const std::uint64_t hole = std::max(rounded(std::max(hole_bytes, small_bytes_limit)), page_bytes);
  std::uint64_t taken = 0;
  for (std::uint64_t at = base_ + hole; at + page_bytes <= base_ + bytes_;
       at += hole + page_bytes) {
    if (!pages_.take_at(at, page_bytes)) continue;
    wedges_.emplace(at, page_bytes);
    ++taken;
  }
  return taken;
}

void AddressSpace::mend() {
  for (const auto& [address, bytes] : wedges_) pages_.give(address, bytes);
  wedges_.clear();
  THRESHER_ASSERT(pages_.free_bytes() <= bytes_);
}

}  // namespace thresher::sim
