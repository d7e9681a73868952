// A fault plan: rules as data. Each names a point, a condition and an effect.
//
// A plan is read from JSON strictly (unknown keys, wrong types, ratios out of range, effects that
// do not fit their point are refused with path, value and remedy) and printed back so that reading
// it again gives an equal plan. It holds no state of a run; that is the Injector's.
#pragma once

#include "thresher/faults/draw.h"
#include "thresher/faults/kind.h"
#include "thresher/gpu/driver.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/expected.h"
#include "thresher/runtime/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::faults {

/// What happens at a point of the run where a fault can be made.
enum class PointKind : std::uint8_t {
  call,     ///< A driver call.
  reset,    ///< A reset of the accelerator layer.
  canary,   ///< A canary of the accelerator layer.
  storage,  ///< A call of the storage seam.
  start,    ///< Before anything runs.
};

enum class StorageCall : std::uint8_t { read, write, clear };
std::string_view name(StorageCall call) noexcept;

/// Where a rule strikes. What is absent matches all.
struct Point {
  PointKind kind = PointKind::call;
  std::optional<gpu::DriverCall> call{};
  std::optional<gpu::ResetType> reset{};
  std::optional<StorageCall> storage{};
  std::optional<gpu::DeviceOrdinal> device{};
  friend bool operator==(const Point&, const Point&) = default;
};

/// When, among the points that match. All that is given must hold.
struct Condition {
  /// From this match on (1 is the first); with `times` 1, exactly this one.
  std::uint64_t nth = 1;
  /// Only calls that ask for or move at least so many bytes; others do not count as matches.
  std::uint64_t bytes_at_least = 0;
  /// Only after so many launches on that device; others do not count as matches.
  std::uint64_t after_launches = 0;
  /// Only from this time of the run on.
  runtime::Duration after{0};
  /// With this probability at each match.
  Ratio ratio{};
  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Effect {
  FaultKind kind = FaultKind::result;
  /// For `result`.
  gpu::DriverResult code = gpu::DriverResult::success;
  /// How long what stays, stays.
  Until until = Until::call;
  /// How much longer, or how long a kernel is stuck; 0 where `until` ends it.
  runtime::Duration duration{0};
  /// For memory_filled (the fill) and memory_fragmented (the largest piece).
  std::uint64_t bytes = 0;
  friend bool operator==(const Effect&, const Effect&) = default;
};

struct Rule {
  /// For reports; may be empty.
  std::string label{};
  Point point{};
  Condition when{};
  /// How often it strikes in a run; 0 is without limit.
  std::uint64_t times = 1;
  Effect effect{};
  friend bool operator==(const Rule&, const Rule&) = default;

  /// One line for people: "launch_kernel on device 1: illegal_address".
  std::string text() const;
};

/// Why a plan was refused: path, rule, value and remedy in one line.
struct PlanError {
  std::string message;
};

struct Plan {
  std::vector<Rule> rules;
  friend bool operator==(const Plan&, const Plan&) = default;

  /// Reads JSON text. Errors: the first thing that is wrong.
  static runtime::Expected<Plan, PlanError> parse(std::string_view text);
  /// JSON that `parse` reads back as an equal plan.
  std::string json() const;
  /// The same without the rules that name a device from `device_count` on: for runs that draw
  /// how many there are.
  Plan within(std::uint32_t device_count) const;
  bool empty() const noexcept { return rules.empty(); }
};

/// Result codes by the names that plans use (the enumerators of gpu::DriverResult).
std::optional<gpu::DriverResult> result_named(std::string_view name) noexcept;
std::string_view plan_name(gpu::DriverResult code) noexcept;
/// Reset levels as plans spell them, in lower case.
std::string_view plan_name(gpu::ResetType type) noexcept;

}  // namespace thresher::faults
