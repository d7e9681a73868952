// Why an activation ends. Codes and numbers are Orleans' DeactivationReasonCode; values, for any
// thread.
#pragma once

#include "thresher/runtime/base/assert.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace thresher::runtime {

enum class DeactivationReasonCode : std::uint8_t {
  none = 0,
  shutting_down = 1,            ///< The silo stops.
  activation_failed = 2,        ///< Constructor, a stage or on_activate failed.
  directory_failure = 3,        ///< The directory could not be asked.
  activation_idle = 4,          ///< Collected by age.
  activation_unresponsive = 5,  ///< A turn ran longer than max_request_processing_time.
  duplicate_activation = 6,     ///< The directory names another activation.
  incompatible_request = 7,     ///< A request of a newer interface version.
  application_error = 8,        ///< InconsistentState escaped a request.
  application_requested = 9,    ///< deactivate_on_idle.
  migrating = 10,
  runtime_requested = 11,       ///< The activation was cancelled.
  high_memory_pressure = 12,
};

/// The code's own name, as written above.
constexpr std::string_view name(DeactivationReasonCode code) noexcept {
  using enum DeactivationReasonCode;
  switch (code) {
    case none: return "none";
    case shutting_down: return "shutting_down";
    case activation_failed: return "activation_failed";
    case directory_failure: return "directory_failure";
    case activation_idle: return "activation_idle";
    case activation_unresponsive: return "activation_unresponsive";
    case duplicate_activation: return "duplicate_activation";
    case incompatible_request: return "incompatible_request";
    case application_error: return "application_error";
    case application_requested: return "application_requested";
    case migrating: return "migrating";
    case runtime_requested: return "runtime_requested";
    case high_memory_pressure: return "high_memory_pressure";
  }
  THRESHER_UNREACHABLE();
}

/// What on_deactivate is told.
struct DeactivationReason {
  DeactivationReasonCode code = DeactivationReasonCode::none;
  std::string text;
};

}  // namespace thresher::runtime
