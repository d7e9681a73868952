// The workload of the guide scenarios: clients that call compute grains and check every result.
//
// Each client is a fiber that makes calls one after another: scale and sum of small vectors, now
// and then a retirement, a device reset or a caller's bug. What to call is drawn from lanes of its
// own (`work/clientN`), so that a shrunk tape has a shorter workload. A result that is a success
// must equal the host reference; a failure must be typed, and that is all chaos demands.
#pragma once

#include "thresher/runtime/grain/silo.h"
#include "thresher/scenarios/guide/interfaces.h"
#include "thresher/scenarios/guide/witness.h"
#include "thresher/sim/choices.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thresher::scenarios::guide {

struct WorkloadOptions {
  /// Keys of the grains that are called.
  std::vector<std::string> grains;
  std::uint32_t clients = 3;
  std::uint32_t calls_per_client = 6;
  /// Longest pause of a client between two calls.
  runtime::Duration pause_max = std::chrono::seconds{2};
  /// Elements of the largest vector.
  std::uint64_t elements_max = 256;
  /// Calls that bring the device to refuse its arguments.
  bool misuse = true;
  /// ResetDeviceAsync calls.
  bool resets = true;
};

class Workload {
 public:
  Workload(runtime::Services& services, runtime::Silo& silo, sim::Choices& choices,
           Witness& witness, WorkloadOptions options);

  /// Runs all clients and parks until each has made its calls.
  void run();
  /// Calls `grain` until it computes correctly. Errors: the last failure, when it has not by
  /// `deadline`.
  runtime::Result<void> probe(const std::string& grain, runtime::TimePoint deadline);

  std::uint64_t calls() const noexcept { return calls_; }
  std::uint64_t successes() const noexcept { return successes_; }

 private:
  void client(std::uint32_t index);
  void one_call(sim::LaneId lane);
  runtime::Result<void> compute(const std::string& grain, const std::vector<double>& values,
                                bool sum, double scalar);
  runtime::Result<void> ended(const runtime::CallResult<void>& result);

  runtime::Services& services_;
  runtime::Silo& silo_;
  sim::Choices& choices_;
  Witness& witness_;
  WorkloadOptions options_;
  std::uint64_t calls_ = 0;
  std::uint64_t successes_ = 0;
};

}  // namespace thresher::scenarios::guide
