// Random walk: each decision is uniform among the ready fibers. Good at what goes wrong often,
// blind to what needs one fiber to win many times in a row: there PCT is better.
#pragma once

#include "thresher/sim/explore/split_mix.h"
#include "thresher/sim/explore/strategy.h"

#include <vector>

namespace thresher::sim {

class RandomStrategy final : public Strategy {
 public:
  void begin(std::uint64_t seed) override;
  void spawned(Candidate& fiber) override { ready(fiber); }
  void ready(Candidate& fiber) override;
  void blocked(Candidate& fiber) override;
  void yielded(Candidate&) override {}
  void ended(Candidate& fiber) override { blocked(fiber); }
  Candidate& pick(Candidate* running, std::uint64_t step) override;

 private:
  SplitMix random_;
  std::vector<Candidate*> ready_;  ///< In no order that matters; `slot` is the index.
};

}  // namespace thresher::sim
