// The tables behind `thresher list --verbose` and the hunt for defects.
//
// Expectations are claims about the workload: a campaign of enough runs must have seen each.
#include "thresher/scenarios/guide/patterns.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/guide/witness.h"

#include <array>

namespace thresher::scenarios::guide {
namespace {

constexpr std::array isolated_defects{
    Defect{label::first_error_masked,
           "HandleErrorAsync awaits a reset inside the catch block; when that reset throws, its "
           "exception replaces the computation's"},
    Defect{label::buffer_leaked,
           "an exception between AllocateAsync and DisposeAsync skips the disposal"},
    Defect{label::accelerator_leaked,
           "when the reset on deactivation throws, DisposeAsync is never reached"},
    Defect{label::neighbour_reset,
           "out of memory makes HandleErrorAsync reset the device, which destroys the buffers of "
           "every other grain in the shared primary context"},
    Defect{label::unhealthy_use,
           "a recovery that failed is only logged, and the next request computes on what is left"},
    Defect{label::left_uninitialised,
           "ResetDeviceAsync takes the Hard preset, whose Reinitialize is false: it reports "
           "success, and the grain stays active with an accelerator that answers no more"},
    Defect{label::success_discarded,
           "DisposeAsync of the buffer stands inside the try block: when it throws, a result that "
           "is already on the host is thrown away and the device reset"},
};

constexpr std::array pooled_defects{
    Defect{label::slot_lost,
           "AcquireAsync takes a slot and then creation, or the reset before reuse, throws: "
           "nobody releases the slot"},
    Defect{label::accelerator_lost,
           "when the reset on return throws, the accelerator is neither put back nor disposed"},
    Defect{label::size_exceeded,
           "the slot of a dropped accelerator is free again, so that one more than the maximum "
           "is made"},
    Defect{label::unhealthy_hand_out,
           "an accelerator whose reset answered no success goes to the next grain"},
    Defect{label::buffer_leaked,
           "an exception between AllocateAsync and DisposeAsync skips the disposal"},
    Defect{label::pool_never_closed,
           "the pool cannot be closed: what lies idle in it at shutdown is never disposed"},
};

constexpr std::array hybrid_defects{
    Defect{label::exclusive_shared,
           "CreateAsync gives a dedicated accelerator on a device that others use already"},
    Defect{label::neighbour_reset,
           "CompleteCleanup of a high-priority grain resets the device under the pool's grains"},
    Defect{label::accelerator_leaked,
           "when CompleteCleanup throws on deactivation, DisposeAsync is never reached"},
    Defect{label::slot_lost, "as in the pool that it uses"},
    Defect{label::buffer_leaked,
           "an exception between AllocateAsync and DisposeAsync skips the disposal"},
};

constexpr std::array retry_defects{
    Defect{label::full_never_tried,
           "the filter `when (attempt < maxAttempts)` lets the third exception out before the Full "
           "reset that attempt 3 was to make"},
    Defect{label::wrong_attempt_count,
           "a failed reset leaves the loop early, and the message still says 3 attempts"},
    Defect{label::first_error_masked,
           "a reset that throws inside the catch block replaces the computation's error"},
    Defect{label::reset_for_callers_bug,
           "every exception resets the device, also one that the caller's own arguments caused"},
    Defect{label::neighbour_reset,
           "the second attempt's Hard reset destroys the buffers of the other grains"},
};

constexpr std::array breaker_defects{
    Defect{label::call_while_open,
           "TryResetCircuitAsync fails or throws, is only logged, and the grain computes although "
           "its circuit is open"},
    Defect{label::not_per_device,
           "each grain has a breaker of its own: the others go on calling the failing device"},
    Defect{label::opened_by_callers_bug,
           "three bad arguments in a row open the circuit of a healthy device"},
    Defect{label::first_error_masked,
           "the aggressive reset inside the catch block throws and replaces the error"},
    Defect{label::wall_clock,
           "the open time is measured by DateTime.UtcNow: a clock that jumps closes it early"},
    Defect{label::breaker_forgotten,
           "the breaker's state lives in the activation: once it is deactivated, the next one "
           "calls the failing device at once"},
    Defect{label::wrong_retry_time,
           "\"Retry after 00:05:00\" is the whole open time, however much of it has passed"},
    Defect{label::neighbour_reset,
           "the aggressive reset destroys the buffers of the other grains"},
};

/// A workload that never gets through, or never meets a failure, tests nothing.
constexpr std::array expectations{
    Expectation{.label = "guide.workload.succeeded", .runs = 200},
    Expectation{.label = "guide.workload.failed", .runs = 2000},
    Expectation{.label = "guide.faults.injected", .runs = 200},
};

constexpr ScenarioInfo hardened(std::string_view name, std::string_view summary) {
  return {.name = name, .summary = summary, .defects = {}, .expectations = expectations};
}

constexpr ScenarioInfo published(std::string_view name, std::string_view summary,
                                 std::span<const Defect> defects) {
  return {.name = name, .summary = summary, .defects = defects, .expectations = {}};
}

constexpr std::array hardened_infos{
    hardened("guide/isolated", "an accelerator a grain, recovery by error class"),
    hardened("guide/pooled", "leases by operation from a pool that loses nothing"),
    hardened("guide/hybrid", "exclusive devices for high priority, the pool for the rest"),
    hardened("guide/retry_with_progressive_reset", "retries that end, and reach Full"),
    hardened("guide/circuit_breaker", "a breaker a device, with one probe off the caller's turn"),
};

constexpr std::array published_infos{
    published("guide/isolated_as_published", "strategy 1 and the Quick Start grain",
              isolated_defects),
    published("guide/pooled_as_published", "strategy 2: AcceleratorPool and its grain",
              pooled_defects),
    published("guide/hybrid_as_published", "strategy 3: SmartComputeGrain", hybrid_defects),
    published("guide/retry_with_progressive_reset_as_published", "ResilientComputeGrain",
              retry_defects),
    published("guide/circuit_breaker_as_published", "CircuitBreakerGrain", breaker_defects),
};

}  // namespace

const ScenarioInfo& info_of(Pattern pattern, bool published) noexcept {
  const auto index = static_cast<std::size_t>(pattern);
  THRESHER_ASSERT(index < hardened_infos.size());
  return published ? published_infos[index] : hardened_infos[index];
}

}  // namespace thresher::scenarios::guide
