// A map from 64-bit ids to 32-bit values: open addressing, no allocation in steady state, never
// iterated, so that its layout decides nothing.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <cstdint>
#include <vector>

namespace thresher::sim {

class IdTable {
 public:
  static constexpr std::uint32_t none = 0xffffffffu;

  IdTable() : slots_(16) {}

  /// The value of `id`, or `none`.
  std::uint32_t find(std::uint64_t id) const noexcept {
    for (std::size_t at = home(id);; at = next(at)) {
      if (slots_[at].value == none) return none;
      if (slots_[at].id == id) return slots_[at].value;
    }
  }
  /// Requires: `id` is not in it; `value` is not `none`.
  void insert(std::uint64_t id, std::uint32_t value) {
    THRESHER_ASSERT(value != none);
    if (2 * (size_ + 1) > slots_.size()) grow();
    put(id, value);
    ++size_;
  }
  /// Requires: `id` is in it.
  void erase(std::uint64_t id) noexcept {
    std::size_t hole = home(id);
    while (slots_[hole].id != id || slots_[hole].value == none) {
      THRESHER_ASSERT(slots_[hole].value != none);
      hole = next(hole);
    }
    // What follows without a gap may have been pushed past the hole: move it back.
    for (std::size_t at = next(hole); slots_[at].value != none; at = next(at)) {
      const std::size_t wanted = home(slots_[at].id);
      if (((at - wanted) & mask()) < ((at - hole) & mask())) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = Slot{};
    --size_;
  }
  std::size_t size() const noexcept { return size_; }
  void clear() {
    if (size_ == 0) return;
    slots_.assign(slots_.size() > 4096 ? 16 : slots_.size(), Slot{});
    size_ = 0;
  }

 private:
  struct Slot {
    std::uint64_t id = 0;
    std::uint32_t value = none;
  };
  std::size_t mask() const noexcept { return slots_.size() - 1; }
  std::size_t home(std::uint64_t id) const noexcept { return runtime::mix(id) & mask(); }
  std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }
  void put(std::uint64_t id, std::uint32_t value) noexcept {
    std::size_t at = home(id);
    while (slots_[at].value != none) {
      THRESHER_ASSERT(slots_[at].id != id);
      at = next(at);
    }
    slots_[at] = {id, value};
  }
  void grow() {
    std::vector<Slot> before(2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.value != none) put(slot.id, slot.value);
    }
  }

  std::vector<Slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace thresher::sim
