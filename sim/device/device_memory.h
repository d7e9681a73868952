// Device memory: allocations by context, and real bytes behind those that are touched.
//
// Host memory is taken when a byte is first read or written, so that a device of 140 GB costs
// nothing; `backing_bytes_max` bounds it. Bytes stay when memory is freed and are there again for
// the next allocation at that address, as on a real device within one process, until their context
// ends: what a tenant leaves behind, the next one can read. Never touched bytes read as 0xCD.
// Single owner, no locks.
#pragma once

#include "thresher/sim/device/address_space.h"
#include "thresher/sim/device/device_ids.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace thresher::sim {

struct MemoryLimits {
  std::uint64_t base = 0;
  std::uint64_t capacity_bytes = 0;
  /// Host memory behind all touched bytes together.
  std::uint64_t backing_bytes_max = std::uint64_t{1} << 30;
  /// Freed bytes kept for the next owner of their address.
  std::uint64_t residue_bytes_max = std::uint64_t{16} << 20;
};

class DeviceMemory {
 public:
  explicit DeviceMemory(const MemoryLimits& limits);

  /// Requires: bytes > 0.
  std::optional<std::uint64_t> allocate(DeviceContextId owner, std::uint64_t bytes);
  /// False when `address` is not the start of an allocation of `owner`.
  bool release(DeviceContextId owner, std::uint64_t address);
  /// Frees all that `owner` has and forgets the bytes; gives the bytes that were asked for.
  std::uint64_t release_all(DeviceContextId owner);

  /// Why `view` gave nothing.
  enum class Access : std::uint8_t { ok, outside, no_backing };
  struct View {
    Access access = Access::ok;
    std::span<std::byte> bytes;
  };
  /// The bytes [address, address + bytes) when all lie in one allocation of `owner`; valid until
  /// that allocation is released. Requires: bytes > 0.
  View view(DeviceContextId owner, std::uint64_t address, std::uint64_t bytes);
  /// True when `view` would find it inside; touches nothing.
  bool contains(DeviceContextId owner, std::uint64_t address, std::uint64_t bytes) const;

  /// Words about where `address` lies: inside, past or before the nearest allocation, or freed.
  std::string describe(std::uint64_t address) const;

  /// Allocations fail while more than this is in use; no limit by default.
  void limit_fill(std::optional<std::uint64_t> bytes) { fill_limit_ = bytes; }
  void fragment(std::uint64_t hole_bytes) { space_.fragment(hole_bytes); }
  void mend() { space_.mend(); }

  std::uint64_t free_bytes() const noexcept { return space_.free_bytes(); }
  std::uint64_t largest_free_bytes() const noexcept { return space_.largest_free_bytes(); }
  std::uint64_t total_bytes() const noexcept { return space_.total_bytes(); }
  /// Bytes asked for by live allocations, of one owner or of all.
  std::uint64_t requested_bytes(DeviceContextId owner) const;
  std::uint64_t requested_bytes() const noexcept { return requested_; }
  std::uint64_t allocation_count() const noexcept { return allocations_.size(); }
  std::uint64_t backing_bytes() const noexcept { return backing_; }

 private:
  struct Allocation {
    std::uint64_t bytes = 0;
    DeviceContextId owner;
    std::unique_ptr<std::byte[]> backing;
  };
  struct Residue {
    std::uint64_t bytes = 0;
    DeviceContextId owner;
    std::unique_ptr<std::byte[]> backing;
    std::uint64_t ordinal = 0;
  };
  using Allocations = std::map<std::uint64_t, Allocation>;

  Allocations::const_iterator containing(std::uint64_t address) const;
  bool back(std::uint64_t address, Allocation& allocation);
  void inherit(std::uint64_t address, Allocation& allocation);
  void leave_residue(std::uint64_t address, Allocation& allocation);
  void drop_residue(std::map<std::uint64_t, Residue>::iterator residue);

  MemoryLimits limits_;
  AddressSpace space_;
  Allocations allocations_;
  /// Freed bytes by address; never overlapping each other.
  std::map<std::uint64_t, Residue> residues_;
  std::optional<std::uint64_t> fill_limit_;
  std::uint64_t requested_ = 0;
  std::uint64_t backing_ = 0;
  std::uint64_t residue_bytes_ = 0;
  std::uint64_t residue_ordinal_ = 0;
};

}  // namespace thresher::sim
