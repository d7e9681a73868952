// The contract of runtime::Scheduler as a test suite, run over every implementation.
//
// An implementation gives a rig (how to make one, to run a first fiber to the end, to block inside
// run_blocking) and instantiates the suites below with it; the tests are written against the seam
// alone and hold in real and in virtual time. A test's body runs as the first fiber, on worker 0;
// gtest's EXPECTs may be used on every fiber.
#pragma once

#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/sync.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace thresher::contract {

/// One scheduler under test and how to drive it.
class SchedulerRig {
 public:
  virtual ~SchedulerRig() = default;
  virtual runtime::Scheduler& scheduler() = 0;
  /// Runs `body` as the first foreground fiber on worker 0 until all foreground fibers have ended,
  /// and then ends the world, which unwinds what is left. Once.
  virtual void run(runtime::Task body) = 0;
  /// Fibers given up because they swallowed the unwinding.
  virtual std::uint64_t abandoned() = 0;
  /// Whether time passes only by sleeping and spending.
  virtual bool virtual_time() const = 0;
  /// Blocks the caller, which runs inside `run_blocking`, for `span` of the scheduler's time.
  virtual void block_for(runtime::Duration span) = 0;
};

/// How to make rigs of one kind.
struct RigKind {
  const char* name;
  std::unique_ptr<SchedulerRig> (*make)(std::uint32_t workers);
};

inline void PrintTo(const RigKind& kind, std::ostream* out) { *out << kind.name; }

/// Names the instances of a suite by their rig.
inline std::string rig_name(const testing::TestParamInfo<RigKind>& info) {
  return info.param.name;
}

/// The vocabulary of the contract tests.
class ContractTest : public testing::TestWithParam<RigKind> {
 protected:
  /// Long enough that a busy machine keeps what is ticks apart in its order.
  static constexpr runtime::Duration tick = std::chrono::milliseconds{5};

  ContractTest() : rig{GetParam().make(2)}, scheduler{rig->scheduler()} {}

  /// Runs `body` as the first fiber and everything that it starts, to the end of the world.
  template <typename F>
  void run(F body) {
    rig->run(runtime::Task{std::move(body)});
  }
  runtime::FiberId spawn(runtime::Task body, std::uint32_t worker = 0) {
    return scheduler.spawn({.worker = runtime::WorkerId{worker}, .name = "child"},
                           std::move(body));
  }
  runtime::FiberId spawn_background(runtime::Task body) {
    return scheduler.spawn({.name = "background", .background = true}, std::move(body));
  }
  runtime::TimePoint in(runtime::Duration span) { return scheduler.now() + span; }
  void sleep(runtime::Duration span) { EXPECT_TRUE(runtime::sleep_for(scheduler, span)); }
  /// Lets every other fiber of this worker run until it waits for time or for somebody. In virtual
  /// time one sleep does it; in real time a chain of wakes needs one for each link.
  void let_others_run() {
    for (int i = 0; i < 10; ++i) sleep(std::chrono::nanoseconds{1});
  }
  /// Parks for ever: for fibers that only the end of the world may end.
  void park_for_ever() {
    runtime::Wait wait{{.verb = "wait for", .name = "the end"}};
    scheduler.park_until(wait, runtime::no_deadline);
  }

  std::unique_ptr<SchedulerRig> rig;
  runtime::Scheduler& scheduler;
  /// What happened, in order; written by fibers of one worker only.
  std::vector<std::string> log;
};

class SchedulerContract : public ContractTest {};
class UnwindingContract : public ContractTest {};
class SyncContract : public ContractTest {};
class CancellationContract : public ContractTest {};
class FutureContract : public ContractTest {};
class ChannelContract : public ContractTest {};
class ScopeContract : public ContractTest {};

}  // namespace thresher::contract

/// Runs every suite of the contract over the rigs of `values` (testing::Values(...)).
#define THRESHER_SCHEDULER_CONTRACT(prefix, values)                                          \
  INSTANTIATE_TEST_SUITE_P(prefix, SchedulerContract, values, ::thresher::contract::rig_name);    \
  INSTANTIATE_TEST_SUITE_P(prefix, UnwindingContract, values, ::thresher::contract::rig_name);    \
  INSTANTIATE_TEST_SUITE_P(prefix, SyncContract, values, ::thresher::contract::rig_name);         \
  INSTANTIATE_TEST_SUITE_P(prefix, CancellationContract, values, ::thresher::contract::rig_name); \
  INSTANTIATE_TEST_SUITE_P(prefix, FutureContract, values, ::thresher::contract::rig_name);       \
  INSTANTIATE_TEST_SUITE_P(prefix, ChannelContract, values, ::thresher::contract::rig_name);      \
  INSTANTIATE_TEST_SUITE_P(prefix, ScopeContract, values, ::thresher::contract::rig_name)
