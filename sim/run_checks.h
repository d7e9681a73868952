// The checks of one run: the first failure, counts of `sometimes`, what was drawn and injected.
// Kept by the engine between runs; `begin` forgets everything.
#pragma once

#include "thresher/sim/checks.h"
#include "thresher/sim/id_table.h"
#include "thresher/sim/verdict.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::sim {

class SimScheduler;
class Trace;

class RunChecks final : public Checks {
 public:
  /// Forgets everything. Both outlive the run; `trace` may be null. Only the label `only` is
  /// judged when it is not empty; verdicts about the harness itself always are.
  void begin(SimScheduler& scheduler, Trace* trace, std::string_view only);
  /// Moves all findings into `result`.
  void give(RunResult& result);

  using Checks::always;
  bool always(bool condition, std::string_view label,
              runtime::UniqueFunction<std::string()> detail) override;
  void sometimes(bool condition, std::string_view label) override;
  void fail(Verdict verdict, std::string_view label, std::string message) override;
  bool failed() const noexcept override { return result_.verdict != Verdict::survived; }
  void drawn(std::string_view name, std::string value) override;
  void injected(std::string text) override;
  /// `sometimes(true, site.text)`, quicker.
  void reached(const runtime::Site& site);

 private:
  struct Count {
    std::string label;
    std::uint64_t held = 0;
  };
  Count& count(std::uint64_t hash, std::string_view label);
  void end_here(Verdict verdict, std::string_view label, std::string message);

  SimScheduler* scheduler_ = nullptr;
  Trace* trace_ = nullptr;
  std::string only_;
  RunResult result_;
  IdTable index_;
  std::vector<Count> counts_;
  std::size_t counts_used_ = 0;  ///< Those beyond are kept for their memory.
};

}  // namespace thresher::sim
