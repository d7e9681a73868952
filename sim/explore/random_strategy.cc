// An unordered array of the ready fibers: one that leaves is replaced by the last, so that every
// step takes constant time however many are ready.
#include "thresher/sim/explore/random_strategy.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::sim {

void RandomStrategy::begin(std::uint64_t seed) {
  random_ = SplitMix{seed};
  ready_.clear();
}

void RandomStrategy::ready(Candidate& fiber) {
  fiber.slot = static_cast<std::uint32_t>(ready_.size());
  ready_.push_back(&fiber);
}

void RandomStrategy::blocked(Candidate& fiber) {
  THRESHER_ASSERT(fiber.slot < ready_.size());
  THRESHER_ASSERT(ready_[fiber.slot] == &fiber);
  ready_[fiber.slot] = ready_.back();
  ready_[fiber.slot]->slot = fiber.slot;
  ready_.pop_back();
}

Candidate& RandomStrategy::pick(Candidate*, std::uint64_t) {
  THRESHER_ASSERT(!ready_.empty());
  return *ready_[random_.below(ready_.size())];
}

}  // namespace thresher::sim
