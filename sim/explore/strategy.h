// What decides which fiber runs next, while exploring.
//
// The scheduler tells a strategy each spawn, ready, park and end; the strategy keeps whatever
// structure it needs and answers `pick` without walking all ready fibers. It knows nothing of
// tapes: replaying, and what is recorded, is the scheduler's. To add one (POS, URW,
// delay-bounding): derive from Strategy, name it in StrategySpec, and make it in
// `strategy_factory.cc`.
#pragma once

#include "thresher/runtime/fiber/wait.h"

#include <cstdint>

namespace thresher::sim {

/// A fiber as strategies see it. The scheduler's record derives from it.
struct Candidate {
  /// Stable across two runs of one seed.
  std::uint64_t id = 0;
  /// The causal chain: work that one cause started, in order. A fiber begins one of its own.
  std::uint64_t chain = 0;
  std::uint32_t worker = 0;
  /// What it does next, or what ended its wait; null when it has not started.
  const runtime::Operation* next = nullptr;
  /// The strategy's own words.
  std::uint64_t priority = 0;
  std::uint32_t slot = 0;
};

/// One per run, reused between runs. Deterministic: depends on the seed and on what it is told,
/// never on addresses. Must not park.
class Strategy {
 public:
  virtual ~Strategy() = default;

  /// Forgets everything and begins a run.
  virtual void begin(std::uint64_t seed) = 0;
  /// A new fiber, ready from now on.
  virtual void spawned(Candidate& fiber) = 0;
  /// A wait has ended, or its worker is free again: it may be picked.
  virtual void ready(Candidate& fiber) = 0;
  /// It parks, or its worker is busy: it may not be picked. Requires: it was ready.
  virtual void blocked(Candidate& fiber) = 0;
  /// The running fiber gives way of its own accord; it stays ready.
  virtual void yielded(Candidate& fiber) = 0;
  /// It has ended. Requires: it was ready (it ran).
  virtual void ended(Candidate& fiber) = 0;
  /// The fiber to run. `running` is the one at a schedule point, still ready, or null when it has
  /// parked or ended. `step` counts decisions from 1. Requires: some fiber is ready.
  virtual Candidate& pick(Candidate* running, std::uint64_t step) = 0;
};

}  // namespace thresher::sim
