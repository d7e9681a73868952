// PCT (Burckhardt et al., ASPLOS 2010): random priorities, and d - 1 steps at which the running
// chain's priority drops below all initial ones.
//
// A run finds a bug of depth d among n chains and k steps with probability at least 1 / (n *
// k^(d-1)). Priorities belong to causal chains. A fiber that yields drops below everybody, or a
// spin would never end.
#pragma once

#include "thresher/sim/explore/split_mix.h"
#include "thresher/sim/explore/strategy.h"

#include <cstdint>
#include <vector>

namespace thresher::sim {

class PctStrategy final : public Strategy {
 public:
  /// `depth` is d, at least 1; `length` is k, the number of steps expected, at least 1.
  PctStrategy(std::uint32_t depth, std::uint64_t length);

  void begin(std::uint64_t seed) override;
  void spawned(Candidate& fiber) override;
  void ready(Candidate& fiber) override;
  void blocked(Candidate& fiber) override;
  void yielded(Candidate& fiber) override;
  void ended(Candidate& fiber) override { blocked(fiber); }
  Candidate& pick(Candidate* running, std::uint64_t step) override;

 private:
  struct Change {
    std::uint64_t step;
    std::uint64_t priority;
  };
  static bool above(const Candidate& a, const Candidate& b) noexcept;
  void place(std::size_t at, Candidate& fiber) noexcept;
  void rise(std::size_t at, Candidate& fiber) noexcept;
  void sink(std::size_t at, Candidate& fiber) noexcept;

  std::uint32_t depth_;
  std::uint64_t length_;
  SplitMix random_;
  std::vector<Change> changes_;  ///< By step, ascending.
  std::size_t next_change_ = 0;
  std::uint64_t yields_ = 0;
  std::vector<Candidate*> heap_;  ///< The highest priority on top; `slot` is the index.
};

}  // namespace thresher::sim
