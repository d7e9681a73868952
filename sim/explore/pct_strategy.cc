// Priorities lie in three bands: initial ones above, those of change points below, those of yields
// at the bottom, each later yield lower.
#include "thresher/sim/explore/pct_strategy.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {
namespace {

constexpr std::uint64_t initial_band = std::uint64_t{1} << 63;
constexpr std::uint64_t change_band = std::uint64_t{1} << 62;
constexpr std::uint64_t yield_band = std::uint64_t{1} << 61;

}  // namespace

PctStrategy::PctStrategy(std::uint32_t depth, std::uint64_t length)
    : depth_{depth}, length_{length} {
  THRESHER_ASSERT(depth >= 1);
  THRESHER_ASSERT(length >= 1);
}

void PctStrategy::begin(std::uint64_t seed) {
  random_ = SplitMix{seed};
  heap_.clear();
  changes_.clear();
  next_change_ = 0;
  yields_ = 0;
  // The change point drawn first gets the highest of the low priorities, wherever it lies.
  for (std::uint64_t i = 1; i < depth_; ++i) {
    changes_.push_back({1 + random_.below(length_), change_band - i});
  }
  std::sort(changes_.begin(), changes_.end(), [](const Change& a, const Change& b) {
    return std::pair{a.step, a.priority} < std::pair{b.step, b.priority};
  });
}

bool PctStrategy::above(const Candidate& a, const Candidate& b) noexcept {
  return a.priority != b.priority ? a.priority > b.priority : a.id < b.id;
}

void PctStrategy::place(std::size_t at, Candidate& fiber) noexcept {
  heap_[at] = &fiber;
  fiber.slot = static_cast<std::uint32_t>(at);
}

void PctStrategy::rise(std::size_t at, Candidate& fiber) noexcept {
  while (at > 0) {
    const std::size_t parent = (at - 1) / 2;
    if (!above(fiber, *heap_[parent])) break;
    place(at, *heap_[parent]);
    at = parent;
  }
  place(at, fiber);
}

void PctStrategy::sink(std::size_t at, Candidate& fiber) noexcept {
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && above(*heap_[child + 1], *heap_[child])) ++child;
    if (!above(*heap_[child], fiber)) break;
    place(at, *heap_[child]);
    at = child;
  }
  place(at, fiber);
}

void PctStrategy::spawned(Candidate& fiber) {
  // A chain draws its priority once. The id makes distinct chains of one draw distinct.
  fiber.priority = initial_band | (runtime::combine(random_.next(), fiber.chain) >> 1);
  ready(fiber);
}

void PctStrategy::ready(Candidate& fiber) {
  heap_.push_back(&fiber);
  rise(heap_.size() - 1, fiber);
}

void PctStrategy::blocked(Candidate& fiber) {
  const std::size_t at = fiber.slot;
  THRESHER_ASSERT(at < heap_.size());
  THRESHER_ASSERT(heap_[at] == &fiber);
  Candidate& last = *heap_.back();
  heap_.pop_back();
  if (&last == &fiber) return;
  if (above(last, fiber)) {
    rise(at, last);
  } else {
    sink(at, last);
  }
}

void PctStrategy::yielded(Candidate& fiber) {
  THRESHER_ASSERT(heap_[fiber.slot] == &fiber);
  fiber.priority = yield_band - ++yields_;
  sink(fiber.slot, fiber);
}

Candidate& PctStrategy::pick(Candidate* running, std::uint64_t step) {
  THRESHER_ASSERT(!heap_.empty());
  while (next_change_ < changes_.size() && changes_[next_change_].step <= step) {
    const std::uint64_t priority = changes_[next_change_++].priority;
    if (running != nullptr && priority < running->priority) {
      running->priority = priority;
      sink(running->slot, *running);
    }
  }
  return *heap_.front();
}

}  // namespace thresher::sim
