// The probe of the simulated world: events and log records into the trace, places into the counts,
// fault points from the lane `fault/code`.
#pragma once

#include "thresher/runtime/fiber/probe.h"
#include "thresher/sim/id_table.h"
#include "thresher/sim/lane_choices.h"
#include "thresher/sim/run_checks.h"
#include "thresher/sim/trace_hash.h"

#include <cstdint>
#include <string_view>

namespace thresher::sim {

class SimScheduler;

class SimProbe final : public runtime::Probe {
 public:
  /// All outlive this object.
  SimProbe(SimScheduler& scheduler, LaneChoices& choices, RunChecks& checks, TraceHash& hash)
      : scheduler_{scheduler}, choices_{choices}, checks_{checks}, hash_{hash} {}
  void begin(const WorldOptions& options);

  void event(const runtime::Event& event) noexcept override;
  void log(runtime::LogLevel level, std::string_view logger,
           std::string_view text) noexcept override;
  bool logs(runtime::LogLevel) const noexcept override { return trace_ != nullptr; }
  void reachable(const runtime::Site& site) noexcept override;
  bool fault_point(const runtime::Site& site) noexcept override;

 private:
  SimScheduler& scheduler_;
  LaneChoices& choices_;
  RunChecks& checks_;
  TraceHash& hash_;
  Trace* trace_ = nullptr;
  bool fault_points_ = true;
  Ratio armed_;
  Ratio fires_;
  IdTable points_;  ///< By site: 1 when armed in this run, else 0.
};

}  // namespace thresher::sim
