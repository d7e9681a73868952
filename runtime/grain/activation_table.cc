// Linear probing with backward-shift deletion, so that no tombstones gather however many grains
// come and go.
#include "thresher/runtime/grain/activation_table.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/activation.h"

namespace thresher::runtime {

Activation* ActivationTable::find(const GrainId& grain) const noexcept {
  if (size_ == 0) return nullptr;
  const std::uint64_t hash = grain.hash();
  for (std::size_t at = home_of(hash); slots_[at].activation != nullptr;
       at = home_of(at + 1)) {
    if (slots_[at].hash == hash && slots_[at].activation->id() == grain) {
      return slots_[at].activation;
    }
  }
  return nullptr;
}

void ActivationTable::insert(Activation& activation) {
  THRESHER_ASSERT(find(activation.id()) == nullptr);
  if (2 * (size_ + 1) > slots_.size()) grow();
  put(Slot{activation.id().hash(), &activation});
  ++size_;
}

void ActivationTable::erase(Activation& activation) noexcept {
  THRESHER_ASSERT(size_ > 0);
  std::size_t hole = home_of(activation.id().hash());
  while (slots_[hole].activation != &activation) {
    THRESHER_ASSERT(slots_[hole].activation != nullptr);
    hole = home_of(hole + 1);
  }
  for (std::size_t at = home_of(hole + 1); slots_[at].activation != nullptr;
       at = home_of(at + 1)) {
    // A slot may fill the hole when its home is not between the hole and itself.
    const std::size_t home = home_of(slots_[at].hash);
    if (home_of(at - home) >= home_of(at - hole)) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = Slot{};
  --size_;
}

void ActivationTable::grow() {
  std::vector<Slot> before(slots_.empty() ? 64 : 2 * slots_.size());
  before.swap(slots_);
  for (const Slot& slot : before) {
    if (slot.activation != nullptr) put(slot);
  }
  THRESHER_ASSERT((slots_.size() & (slots_.size() - 1)) == 0);
}

void ActivationTable::put(Slot slot) noexcept {
  std::size_t at = home_of(slot.hash);
  while (slots_[at].activation != nullptr) at = home_of(at + 1);
  slots_[at] = slot;
}

}  // namespace thresher::runtime
