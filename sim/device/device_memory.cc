// Allocations in an ordered map by address; lookups are by the start at or below an address. Freed
// bytes lie in a second map, oldest dropped first when they become too many.
#include "thresher/sim/device/device_memory.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <iterator>
#include <utility>

namespace thresher::sim {

namespace {

/// What memory that nobody wrote reads as: neither zero, which would hide a missing copy, nor
/// whatever the host has, which would differ between runs.
constexpr int untouched_byte = 0xCD;

std::string hexadecimal(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), value, 16).ptr;
  return "0x" + std::string(digits.begin(), end);
}

}  // namespace

DeviceMemory::DeviceMemory(const MemoryLimits& limits)
    : limits_{limits}, space_{limits.base, limits.capacity_bytes} {
  THRESHER_ASSERT(limits.backing_bytes_max >= limits.residue_bytes_max);
}

std::optional<std::uint64_t> DeviceMemory::allocate(DeviceContextId owner, std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  if (fill_limit_ && total_bytes() - free_bytes() > *fill_limit_) return std::nullopt;
  const auto address = space_.allocate(bytes);
  if (!address) return std::nullopt;
  const auto [place, added] =
      allocations_.emplace(*address, Allocation{.bytes = bytes, .owner = owner, .backing = {}});
  THRESHER_ASSERT(added);
  requested_ += bytes;
  return address;
}

bool DeviceMemory::release(DeviceContextId owner, std::uint64_t address) {
  const auto found = allocations_.find(address);
  if (found == allocations_.end() || found->second.owner != owner) return false;
  THRESHER_ASSERT(requested_ >= found->second.bytes);
  requested_ -= found->second.bytes;
  leave_residue(address, found->second);
  allocations_.erase(found);
  space_.release(address);
  return true;
}

std::uint64_t DeviceMemory::release_all(DeviceContextId owner) {
  std::uint64_t freed = 0;
  for (auto place = allocations_.begin(); place != allocations_.end();) {
    const auto here = place++;
    if (here->second.owner != owner) continue;
    freed += here->second.bytes;
    const bool released = release(owner, here->first);
    THRESHER_ASSERT(released);
  }
  for (auto residue = residues_.begin(); residue != residues_.end();) {
    const auto here = residue++;
    if (here->second.owner == owner) drop_residue(here);
  }
  return freed;
}

DeviceMemory::Allocations::const_iterator DeviceMemory::containing(std::uint64_t address) const {
  auto place = allocations_.upper_bound(address);
  if (place == allocations_.begin()) return allocations_.end();
  --place;
  return address - place->first < place->second.bytes ? place : allocations_.end();
}

bool DeviceMemory::contains(DeviceContextId owner, std::uint64_t address,
                            std::uint64_t bytes) const {
  const auto place = containing(address);
  if (place == allocations_.end() || place->second.owner != owner) return false;
  return bytes <= place->second.bytes - (address - place->first);
}

DeviceMemory::View DeviceMemory::view(DeviceContextId owner, std::uint64_t address,
                                      std::uint64_t bytes) {
  THRESHER_ASSERT(bytes > 0);
  if (!contains(owner, address, bytes)) return {.access = Access::outside, .bytes = {}};
  auto& [start, allocation] = *std::prev(allocations_.upper_bound(address));
  if (!back(start, allocation)) return {.access = Access::no_backing, .bytes = {}};
  return {.access = Access::ok, .bytes = {allocation.backing.get() + (address - start), bytes}};
}

bool DeviceMemory::back(std::uint64_t address, Allocation& allocation) {
  if (allocation.backing) return true;
  if (backing_ + allocation.bytes > limits_.backing_bytes_max) return false;
  allocation.backing.reset(new std::byte[allocation.bytes]);
  std::memset(allocation.backing.get(), untouched_byte, allocation.bytes);
  backing_ += allocation.bytes;
  inherit(address, allocation);
  return true;
}

void DeviceMemory::inherit(std::uint64_t address, Allocation& allocation) {
  const std::uint64_t end = address + allocation.bytes;
  auto residue = residues_.upper_bound(address);
  if (residue != residues_.begin()) --residue;
  for (; residue != residues_.end() && residue->first < end; ++residue) {
    const std::uint64_t from = std::max(address, residue->first);
    const std::uint64_t to = std::min(end, residue->first + residue->second.bytes);
    if (from >= to) continue;
    std::memcpy(allocation.backing.get() + (from - address),
                residue->second.backing.get() + (from - residue->first), to - from);
  }
}

void DeviceMemory::leave_residue(std::uint64_t address, Allocation& allocation) {
  if (!allocation.backing) return;
  backing_ -= allocation.bytes;
  if (allocation.bytes > limits_.residue_bytes_max) return;
  const std::uint64_t end = address + allocation.bytes;
  auto old = residues_.upper_bound(address);
  if (old != residues_.begin()) --old;
  while (old != residues_.end() && old->first < end) {
    const auto here = old++;
    if (here->first + here->second.bytes > address) drop_residue(here);
  }
  while (residue_bytes_ + allocation.bytes > limits_.residue_bytes_max) {
    THRESHER_ASSERT(!residues_.empty());
    drop_residue(std::min_element(residues_.begin(), residues_.end(), [](auto& a, auto& b) {
      return a.second.ordinal < b.second.ordinal;
    }));
  }
  residue_bytes_ += allocation.bytes;
  residues_.emplace(address, Residue{.bytes = allocation.bytes,
                                     .owner = allocation.owner,
                                     .backing = std::move(allocation.backing),
                                     .ordinal = ++residue_ordinal_});
}

void DeviceMemory::drop_residue(std::map<std::uint64_t, Residue>::iterator residue) {
  THRESHER_ASSERT(residue_bytes_ >= residue->second.bytes);
  residue_bytes_ -= residue->second.bytes;
  residues_.erase(residue);
}

std::uint64_t DeviceMemory::requested_bytes(DeviceContextId owner) const {
  std::uint64_t sum = 0;
  for (const auto& [address, allocation] : allocations_) {
    if (allocation.owner == owner) sum += allocation.bytes;
  }
  THRESHER_ASSERT(sum <= requested_);
  return sum;
}

std::string DeviceMemory::describe(std::uint64_t address) const {
  const auto named = [](std::uint64_t start, const Allocation& allocation) {
    return "the allocation " + hexadecimal(start) + " of " + std::to_string(allocation.bytes) +
           " bytes (context " + std::to_string(allocation.owner.value) + ")";
  };
  const std::string place = "address " + hexadecimal(address) + " is ";
  const auto after = allocations_.upper_bound(address);
  const auto before = after == allocations_.begin() ? allocations_.end() : std::prev(after);
  if (before != allocations_.end() && address - before->first < before->second.bytes) {
    return place + std::to_string(address - before->first) + " bytes inside " +
           named(before->first, before->second);
  }
  std::string freed;
  if (const auto residue = residues_.upper_bound(address); residue != residues_.begin()) {
    const auto& [start, bytes] = *std::prev(residue);
    if (address - start < bytes.bytes) freed = "in freed memory, ";
  }
  const bool has_after = after != allocations_.end();
  if (before == allocations_.end() && !has_after) return place + freed + "near no allocation";
  const std::uint64_t past =
      before == allocations_.end() ? ~std::uint64_t{0}
                                   : address - (before->first + before->second.bytes);
  const std::uint64_t ahead = has_after ? after->first - address : ~std::uint64_t{0};
  if (past <= ahead) {
    return place + freed + std::to_string(past) + " bytes past the end of " +
           named(before->first, before->second);
  }
  return place + freed + std::to_string(ahead) + " bytes before " +
         named(after->first, after->second);
}

}  // namespace thresher::sim
