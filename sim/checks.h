// What a scenario claims: always, sometimes, reachable, each with a label.
//
// The first `always` that fails decides the run's verdict; the world then ends at the next
// schedule point of whoever runs. With `only` set, other labels are not judged, so that a
// frequent defect does not hide a rare one. Labels are literals in dotted words
// ("pool.slot_lost") and unique in the product.
#pragma once

#include "thresher/runtime/base/unique_function.h"
#include "thresher/sim/verdict.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace thresher::sim {

class Checks {
 public:
  virtual ~Checks() = default;

  /// Claims `condition`; on failure `detail()` makes the words. Returns `condition`, so that code
  /// after a failure can stop early. Never parks.
  virtual bool always(bool condition, std::string_view label,
                      runtime::UniqueFunction<std::string()> detail) = 0;
  bool always(bool condition, std::string_view label) {
    return condition || always(false, label, [] { return std::string{}; });
  }
  /// Counts that `condition` held.
  virtual void sometimes(bool condition, std::string_view label) = 0;
  void reachable(std::string_view label) { sometimes(true, label); }
  /// Ends the run with another verdict than safety (liveness of one's own finding).
  virtual void fail(Verdict verdict, std::string_view label, std::string message) = 0;
  /// True when a failure was recorded: the world is about to end.
  virtual bool failed() const noexcept = 0;
  /// Records something drawn, for the report.
  virtual void drawn(std::string_view name, std::string value) = 0;
  /// Records an injected fault, for the report; the time is added.
  virtual void injected(std::string text) = 0;
};

}  // namespace thresher::sim
