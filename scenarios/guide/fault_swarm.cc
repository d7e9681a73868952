// The kinds that the guide's patterns may meet, each with the numbers from which it is drawn.
//
// Points are early enough for the short runs of a campaign: a strike that never comes tests
// nothing.
#include "thresher/scenarios/guide/fault_swarm.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

namespace thresher::scenarios::guide {
namespace {

using faults::FaultKind;
using faults::PointKind;
using faults::Until;
using gpu::DriverCall;
using gpu::DriverResult;

/// One kind of fault of the swarm.
struct Breed {
  const char* name;
  PointKind point;
  /// For driver calls.
  DriverCall call = DriverCall::launch_kernel;
  FaultKind kind = FaultKind::result;
  DriverResult code = DriverResult::success;
  Until until = Until::call;
  /// Latest match at which it begins to strike.
  std::uint64_t nth_max = 12;
  /// Most strikes.
  std::uint64_t times_max = 3;
  /// Longest duration in seconds, 0 for effects without.
  std::uint64_t seconds_max = 0;
};

constexpr std::array breeds{
    Breed{.name = "out_of_memory", .point = PointKind::call, .call = DriverCall::memory_allocate,
          .code = DriverResult::out_of_memory},
    Breed{.name = "creation_fails", .point = PointKind::call, .call = DriverCall::context_create,
          .code = DriverResult::device_unavailable, .nth_max = 4},
    Breed{.name = "retain_fails", .point = PointKind::call,
          .call = DriverCall::primary_context_retain, .code = DriverResult::device_unavailable,
          .nth_max = 4},
    Breed{.name = "creation_slow", .point = PointKind::call, .call = DriverCall::context_create,
          .kind = FaultKind::delay, .nth_max = 4, .times_max = 2, .seconds_max = 8},
    Breed{.name = "module_load_fails", .point = PointKind::call, .call = DriverCall::module_load,
          .code = DriverResult::invalid_image, .nth_max = 4},
    Breed{.name = "kernel_stuck", .point = PointKind::call, .kind = FaultKind::kernel_stuck,
          .until = Until::process_replaced, .times_max = 2},
    Breed{.name = "kernel_stuck_a_while", .point = PointKind::call,
          .kind = FaultKind::kernel_stuck, .times_max = 2, .seconds_max = 20},
    Breed{.name = "kernel_slow", .point = PointKind::call, .kind = FaultKind::kernel_slow,
          .seconds_max = 3},
    Breed{.name = "launch_failed", .point = PointKind::call, .kind = FaultKind::launch_failed},
    Breed{.name = "illegal_address", .point = PointKind::call,
          .kind = FaultKind::illegal_address},
    Breed{.name = "device_assert", .point = PointKind::call, .kind = FaultKind::device_assert},
    Breed{.name = "context_lost", .point = PointKind::call, .kind = FaultKind::context_lost},
    Breed{.name = "ecc", .point = PointKind::call, .kind = FaultKind::ecc_uncorrectable,
          .times_max = 1},
    Breed{.name = "off_bus", .point = PointKind::call, .kind = FaultKind::fallen_off_bus,
          .times_max = 1},
    Breed{.name = "worker_dies", .point = PointKind::call, .kind = FaultKind::worker_dies,
          .times_max = 2},
    Breed{.name = "copy_fails", .point = PointKind::call, .call = DriverCall::copy_to_host,
          .code = DriverResult::launch_failed},
    Breed{.name = "free_fails", .point = PointKind::call, .call = DriverCall::memory_free,
          .code = DriverResult::launch_failed, .nth_max = 6},
    Breed{.name = "reset_no_success", .point = PointKind::reset, .kind = FaultKind::no_success,
          .nth_max = 6},
    Breed{.name = "reset_error", .point = PointKind::reset, .kind = FaultKind::error,
          .nth_max = 6},
    Breed{.name = "reset_hangs", .point = PointKind::reset, .kind = FaultKind::hang,
          .nth_max = 6, .times_max = 1},
    Breed{.name = "canary_fails", .point = PointKind::canary, .kind = FaultKind::no_success,
          .nth_max = 4, .times_max = 2},
};

class Breeder {
 public:
  Breeder(sim::Choices& choices, const Breed& breed)
      : choices_{choices},
        breed_{breed},
        lane_{choices.lane("draw/fault." + std::string{breed.name})} {}

  bool chosen() {
    return choices_.chance(lane_, {.num = 1, .den = 5}, THRESHER_SITE("guide.swarm.chosen"));
  }

  faults::Rule rule(std::uint32_t devices) {
    faults::Rule rule;
    rule.label = breed_.name;
    rule.point.kind = breed_.point;
    if (breed_.point == PointKind::call) rule.point.call = breed_.call;
    const auto device = choices_.choose(lane_, devices + 1, THRESHER_SITE("guide.swarm.device"));
    if (device > 0) {
      rule.point.device = gpu::DeviceOrdinal{static_cast<std::uint32_t>(device - 1)};
    }
    rule.when.nth = choices_.between(lane_, 1, breed_.nth_max, THRESHER_SITE("guide.swarm.nth"));
    rule.times = choices_.between(lane_, 1, breed_.times_max, THRESHER_SITE("guide.swarm.times"));
    rule.effect.kind = breed_.kind;
    rule.effect.code = breed_.code;
    rule.effect.until = breed_.until;
    if (breed_.seconds_max > 0) {
      rule.effect.duration = std::chrono::seconds{choices_.between(
          lane_, 1, breed_.seconds_max, THRESHER_SITE("guide.swarm.duration"))};
    }
    return rule;
  }

 private:
  sim::Choices& choices_;
  const Breed& breed_;
  sim::LaneId lane_;
};

}  // namespace

faults::Plan draw_plan(sim::Choices& choices, sim::Checks& checks, std::uint32_t devices) {
  faults::Plan plan;
  for (const Breed& breed : breeds) {
    Breeder breeder{choices, breed};
    if (!breeder.chosen()) continue;
    plan.rules.push_back(breeder.rule(devices));
    checks.drawn("fault." + std::string{breed.name}, plan.rules.back().text());
  }
  return plan;
}

}  // namespace thresher::scenarios::guide
