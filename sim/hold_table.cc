// Holds live in a small pool; the table maps objects to them. Nothing is freed singly, so that a
// run in steady state allocates nothing.
#include "thresher/sim/hold_table.h"

namespace thresher::sim {

void HoldTable::hold(runtime::ObjectId object, SimFiber& fiber) {
  std::uint32_t at = index_.find(object.value);
  if (at == IdTable::none) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(holds_.size()));
      holds_.emplace_back();
    }
    at = free_.back();
    free_.pop_back();
    holds_[at] = Hold{};
    index_.insert(object.value, at);
  }
  holds_[at].fiber = &fiber;
  holds_[at].fiber_id = fiber.id;
  ++holds_[at].count;
}

void HoldTable::release(runtime::ObjectId object) noexcept {
  const std::uint32_t at = index_.find(object.value);
  if (at == IdTable::none) return;
  if (--holds_[at].count > 0) return;
  index_.erase(object.value);
  free_.push_back(at);
}

SimFiber* HoldTable::holder(runtime::ObjectId object) const noexcept {
  const std::uint32_t at = index_.find(object.value);
  if (at == IdTable::none || holds_[at].count != 1) return nullptr;
  const Hold& hold = holds_[at];
  return hold.fiber->id == hold.fiber_id ? hold.fiber : nullptr;
}

void HoldTable::clear() {
  index_.clear();
  holds_.clear();
  free_.clear();
}

}  // namespace thresher::sim
