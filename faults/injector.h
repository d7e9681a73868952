// A plan at work in one run: counts what passes, decides what strikes, keeps what stays.
//
// One an injected world; the wrappers of all seams ask it. Same plan, same calls in the same order,
// same draws: same strikes. Every rule counts every match, also when another rule strikes there, so
// that adding a rule moves no other; of several that would strike, the first in the plan does.
// From any thread; never parks; its lock is short.
#pragma once

#include "thresher/faults/budget.h"
#include "thresher/faults/draw.h"
#include "thresher/faults/plan.h"
#include "thresher/faults/saboteur.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace thresher::faults {

/// Hears of every strike, once, when it is made. Never parks.
class FaultLog {
 public:
  virtual ~FaultLog() = default;
  virtual void injected(std::size_t rule_index, const Rule& rule) = 0;
};

/// What passes a point where faults can be made.
struct Passing {
  PointKind kind = PointKind::call;
  gpu::DriverCall call = gpu::DriverCall::device_count;
  gpu::ResetType reset = gpu::ResetType::soft;
  StorageCall storage = StorageCall::read;
  std::optional<gpu::DeviceOrdinal> device{};
  gpu::ContextHandle context{};
  std::uint64_t bytes = 0;
  runtime::TimePoint now{};
};

struct InjectorParts {
  Draw& draw;
  FaultLog& log;
  /// Null where there is none; plans that need one are refused by `check`.
  DeviceSaboteur* devices = nullptr;
  ProcessSaboteur* processes = nullptr;
};

class Injector {
 public:
  /// The parts outlive the injector. Requires: `check(plan, parts)` found nothing.
  Injector(Plan plan, const InjectorParts& parts, Budget budget, runtime::TimePoint start);
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;

  /// Refuses a plan that asks devices or processes for what they cannot do.
  static runtime::Expected<void, PlanError> check(const Plan& plan, const InjectorParts& parts);

  /// Strikes the rules of the start.
  void start();
  /// Counts what passes and gives the effect that strikes it.
  std::optional<Effect> pass(const Passing& passing);
  /// What earlier effects make a driver call on that device answer; success when nothing.
  gpu::Status sticky(const Passing& passing) const;
  /// `code` stays from now on as `until` says.
  void stay(const Passing& passing, gpu::DriverResult code, Until until);

  /// A launch on `device` was accepted.
  void launched(gpu::DeviceOrdinal device);
  void context_ended(gpu::DeviceOrdinal device, gpu::ContextHandle context);
  void process_replaced(gpu::DeviceOrdinal device);

  /// From now on nothing strikes, nothing that was injected stays, and devices are as new.
  void heal();

  DeviceSaboteur* devices() const noexcept { return parts_.devices; }
  ProcessSaboteur* processes() const noexcept { return parts_.processes; }
  const Plan& plan() const noexcept { return plan_; }
  std::uint64_t strikes() const;
  /// Effects that stay at this moment.
  std::uint64_t active() const;

 private:
  struct RuleState {
    std::uint64_t matches = 0;
    std::uint64_t strikes = 0;
  };
  /// An effect that stays.
  struct Active {
    std::optional<gpu::DeviceOrdinal> device{};
    gpu::ContextHandle context{};
    Until until = Until::never;
    /// What calls answer meanwhile; success when something else shows the effect.
    gpu::DriverResult code = gpu::DriverResult::success;
  };

  bool matches(const Rule& rule, const Passing& passing) const;
  bool draws(const Rule& rule, const Passing& passing);
  bool affordable(const Rule& rule) const;
  void strike(std::size_t index, const Passing& passing);

  Plan plan_;
  InjectorParts parts_;
  Budget budget_;
  runtime::TimePoint start_;
  mutable runtime::ShortLock lock_;
  std::vector<RuleState> states_;
  std::vector<Active> active_;
  std::map<gpu::DeviceOrdinal, std::uint64_t> launches_;
  std::uint64_t strikes_ = 0;
  bool healed_ = false;
};

}  // namespace thresher::faults
