// The device's address space: where an allocation goes, and why one can fail though enough is free.
//
// Two levels, as on a real device: large requests take whole pages of 2 MiB, first fit; requests
// below 1 MiB share pages ("slabs") at a grain of 512 bytes. Freed addresses are used again, lowest
// first, so that a stale pointer soon points into somebody else's memory. Single owner, no locks.
// Left out: virtual mappings and page migration; an address is its place in physical memory.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace thresher::sim {

/// Free ranges of one region, first fit, merged when they touch. Sizes and addresses in bytes.
class FreeRanges {
 public:
  FreeRanges(std::uint64_t base, std::uint64_t bytes);

  /// The lowest range that fits. Requires: bytes > 0.
  std::optional<std::uint64_t> take(std::uint64_t bytes);
  /// Takes exactly [address, address + bytes) when all of it is free.
  bool take_at(std::uint64_t address, std::uint64_t bytes);
  /// Requires: [address, address + bytes) was taken and lies in the region.
  void give(std::uint64_t address, std::uint64_t bytes);

  std::uint64_t free_bytes() const noexcept { return free_; }
  std::uint64_t largest() const noexcept;
  bool all_free() const noexcept { return free_ == bytes_; }

 private:
  std::uint64_t base_;
  std::uint64_t bytes_;
  std::uint64_t free_;
  std::map<std::uint64_t, std::uint64_t> ranges_;
};

class AddressSpace {
 public:
  static constexpr std::uint64_t page_bytes = std::uint64_t{2} << 20;
  static constexpr std::uint64_t grain_bytes = 512;
  static constexpr std::uint64_t small_bytes_limit = std::uint64_t{1} << 20;

  /// Requires: base and bytes are multiples of a page.
  AddressSpace(std::uint64_t base, std::uint64_t bytes);

  /// An address for `bytes`, or nothing when no range fits. Requires: bytes > 0.
  std::optional<std::uint64_t> allocate(std::uint64_t bytes);
  /// Requires: `address` came from `allocate` and was not released since.
  void release(std::uint64_t address);
  /// Takes one page in every `hole_bytes` of what is free, so that no free range is larger; gives
  /// the number of pages taken. They stay taken until `mend`.
  std::uint64_t fragment(std::uint64_t hole_bytes);
  /// Gives the pages of every `fragment` back.
  void mend();

  /// Bytes in whole free pages: what cuMemGetInfo calls free.
  std::uint64_t free_bytes() const noexcept { return pages_.free_bytes(); }
  std::uint64_t largest_free_bytes() const noexcept { return pages_.largest(); }
  std::uint64_t total_bytes() const noexcept { return bytes_; }
  /// What `allocate(bytes)` really takes of a page or slab.
  static std::uint64_t rounded(std::uint64_t bytes) noexcept;

 private:
  struct Block {
    std::uint64_t bytes = 0;
    /// The slab it lies in, or 0 for whole pages.
    std::uint64_t slab = 0;
  };

  std::optional<std::uint64_t> allocate_small(std::uint64_t bytes);

  std::uint64_t base_;
  std::uint64_t bytes_;
  FreeRanges pages_;
  std::map<std::uint64_t, FreeRanges> slabs_;
  std::map<std::uint64_t, Block> blocks_;
  std::map<std::uint64_t, std::uint64_t> wedges_;
};

}  // namespace thresher::sim
