// The activations of one worker by grain: open addressing with linear probing over the ids' stored
// hashes, one lookup a call. Looked up, never iterated.
#pragma once

#include "thresher/runtime/grain/grain_id.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresher::runtime {

class Activation;

class ActivationTable {
 public:
  /// The activation of `grain`, or null.
  Activation* find(const GrainId& grain) const noexcept;
  /// Requires: the grain is not in the table.
  void insert(Activation& activation);
  /// Requires: the activation is in the table.
  void erase(Activation& activation) noexcept;
  std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    std::uint64_t hash = 0;
    Activation* activation = nullptr;
  };
  std::size_t home_of(std::uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  void grow();
  void put(Slot slot) noexcept;

  std::vector<Slot> slots_;  ///< A power of two, at most half full.
  std::size_t size_ = 0;
};

}  // namespace thresher::runtime
