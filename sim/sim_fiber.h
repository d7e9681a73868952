// The simulated scheduler's records: fibers, workers, process groups. Plain data, recycled,
// owned by the scheduler; nobody else keeps pointers to them beyond a call.
#pragma once

#include "thresher/runtime/carrier/carriers.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/sim/explore/strategy.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thresher::sim {

struct SimFiber;

/// A simulated process as far as scheduling goes: its workers, and whether its seams are dead.
struct ProcessGroup {
  std::uint64_t id = 0;
  bool dead = false;
  std::uint32_t worker_count = 0;
  std::uint32_t first_worker = 0;  ///< Index among the scheduler's workers.
};

/// A worker: at most one of its fibers runs at an instant; while it is busy, none does.
struct SimWorker {
  std::uint32_t ordinal = 0;  ///< As the process counts them.
  ProcessGroup* process = nullptr;
  bool busy = false;
  std::uint32_t ready = 0;          ///< Fibers of it that the strategy may pick.
  std::vector<SimFiber*> deferred;  ///< Ready fibers that wait for the worker, in order.
};

/// One fiber. Hot words first.
struct SimFiber : Candidate {
  // Where it runs. A fiber that has not started has no carrier.
  runtime::Carrier* carrier = nullptr;
  SimWorker* home = nullptr;
  // Its place among the ready ones, in order of becoming ready; not while it runs.
  SimFiber* older = nullptr;
  SimFiber* newer = nullptr;
  runtime::Wait* wait = nullptr;
  bool counted = false;      ///< The strategy may pick it, or it runs.
  bool queued = false;       ///< It is in the queue of ready fibers.
  bool announced = false;    ///< The strategy knows it.
  bool must_unwind = false;  ///< Its process has ended, or the world.
  bool blocking = false;     ///< The body of run_blocking: no schedule points.
  bool spending = false;     ///< Parked in spend: its worker is busy.
  bool background = false;
  bool keeps_alive = false;  ///< Counts among those the world waits for.
  bool resumed_to_unwind = false;
  // Spins.
  std::uint64_t instant = 0;  ///< Number of the instant in which `yields` were counted.
  std::uint64_t yields = 0;
  // The deadline of its wait.
  runtime::TimePoint deadline{};
  std::uint64_t timer_order = 0;
  std::uint32_t timer_slot = 0;
  bool timer_hopeful = false;
  // The rest.
  std::uint64_t children = 0;
  std::uint32_t unwinds = 0;
  std::uint32_t refusals = 0;
  SimFiber* resumer = nullptr;  ///< Who unwinds it; null for the main context.
  SimFiber* before = nullptr;   ///< All live fibers, in order of spawning.
  SimFiber* after = nullptr;
  const char* name = "";
  runtime::FiberLocals locals;
  runtime::Task body;
};

/// Ready fibers that do not run, the one ready longest in front.
class ReadyQueue {
 public:
  bool empty() const noexcept { return oldest_ == nullptr; }
  SimFiber* oldest() const noexcept { return oldest_; }
  void push(SimFiber& fiber) noexcept {
    fiber.queued = true;
    fiber.older = newest_;
    fiber.newer = nullptr;
    (newest_ != nullptr ? newest_->newer : oldest_) = &fiber;
    newest_ = &fiber;
  }
  /// Requires: `fiber` is in it.
  void remove(SimFiber& fiber) noexcept {
    fiber.queued = false;
    (fiber.older != nullptr ? fiber.older->newer : oldest_) = fiber.newer;
    (fiber.newer != nullptr ? fiber.newer->older : newest_) = fiber.older;
  }
  void clear() noexcept { oldest_ = newest_ = nullptr; }

 private:
  SimFiber* oldest_ = nullptr;
  SimFiber* newest_ = nullptr;
};

}  // namespace thresher::sim
