// The checks shared by published and hardened patterns.
//
// The words of a failed check name the grain, the device and the error, since they are the first
// line that a user reads.
#include "thresher/scenarios/guide/witness.h"

#include <bit>

namespace thresher::scenarios::guide {

using runtime::Errc;

void Witness::neighbour_reset(const std::string& owner, const std::string& victim,
                              std::uint64_t buffers) {
  checks_.always(owner == victim, label::neighbour_reset, [&] {
    return "a device reset by grain " + owner + " destroyed " + std::to_string(buffers) +
           " live buffers of grain " + victim + ", which was told nothing";
  });
}

void Witness::request_started(const std::string& grain) { first_error_[grain].reset(); }

void Witness::compute_failed(const std::string& grain, const runtime::Error& error) {
  auto& first = first_error_[grain];
  if (!first) first = error;
}

void Witness::request_ended(const std::string& grain, const runtime::Error* error) {
  const auto& first = first_error_[grain];
  if (error == nullptr || !first) return;
  checks_.always(error->code == first->code || error->code == Errc::breaker_open,
                 label::first_error_masked, [&] {
                   return "grain " + grain + " met " + runtime::describe(*first) +
                          " but its caller sees " + runtime::describe(*error);
                 });
}

void Witness::compute_started(const std::string& grain, std::uint32_t device, bool usable) {
  checks_.always(usable, label::unhealthy_use, [&] {
    return "grain " + grain + " computes with an accelerator of device " +
           std::to_string(device) + " that a failed reset left unusable";
  });
  for (const auto& [other, breaker] : open_) {
    if (breaker.device != device) continue;
    if (other == grain) {
      checks_.always(false, label::call_while_open, [&] {
        return "grain " + grain + " calls device " + std::to_string(device) +
               " although its circuit breaker is open";
      });
    } else {
      checks_.always(false, label::not_per_device, [&] {
        return "grain " + grain + " calls device " + std::to_string(device) +
               " while the circuit breaker of grain " + other + " for it is open";
      });
    }
  }
}

void Witness::breaker_opened(const std::string& grain, std::uint32_t device,
                             const runtime::Error& cause) {
  open_[grain] = OpenBreaker{.device = device, .at = services_.scheduler.now()};
  checks_.always(cause.code != Errc::caller_bug && cause.code != Errc::cancelled,
                 label::opened_by_callers_bug, [&] {
                   return "the circuit breaker of grain " + grain + " opened for " +
                          runtime::describe(cause) + ", which says nothing about the device";
                 });
}

void Witness::breaker_closed(const std::string& grain) { open_.erase(grain); }

void Witness::breaker_half_opens(const std::string& grain, runtime::Duration open_for) {
  const auto found = open_.find(grain);
  if (found == open_.end()) return;
  const auto open_since = services_.scheduler.now() - found->second.at;
  checks_.always(open_since >= open_for, label::wall_clock, [&] {
    return "the circuit breaker of grain " + grain + " half-opens after " +
           std::to_string(open_since / std::chrono::milliseconds{1}) +
           " ms of monotonic time: it trusts the wall clock";
  });
}

void Witness::exclusive_use(const std::string& grain, std::uint32_t device, bool exclusive) {
  for (const auto& [other, use] : uses_) {
    checks_.always(use.device != device || !(use.exclusive || exclusive),
                   label::exclusive_shared, [&] {
                     return "grains " + other + " and " + grain + " share device " +
                            std::to_string(device) + ", which one of them was given alone";
                   });
  }
  uses_[grain] = DeviceUse{.device = device, .exclusive = exclusive};
}

void Witness::exclusive_end(const std::string& grain) { uses_.erase(grain); }

void Witness::retry_resets(RetryTrail& trail, const runtime::Error& cause, gpu::ResetType level) {
  if (!trail.highest_reset || *trail.highest_reset < level) trail.highest_reset = level;
  checks_.always(cause.code != Errc::caller_bug && cause.code != Errc::cancelled,
                 label::reset_for_callers_bug, [&] {
                   return "grain " + trail.grain + " resets its device for " +
                          runtime::describe(cause) + ", which no reset can mend";
                 });
}

void Witness::retry_gave_up(const RetryTrail& trail, const runtime::Error& last, int claimed) {
  checks_.always(claimed == 0 || claimed == trail.attempts, label::wrong_attempt_count, [&] {
    return "grain " + trail.grain + " says that it failed after " + std::to_string(claimed) +
           " attempts, and made " + std::to_string(trail.attempts);
  });
  const bool needs_full = last.code == Errc::process_lost;
  checks_.always(!needs_full || trail.highest_reset == gpu::ResetType::full,
                 label::full_never_tried, [&] {
                   return "grain " + trail.grain + " gives up with " + runtime::describe(last) +
                          ", which a Full reset recovers, without having tried one";
                 });
}

void Witness::result_given(std::span<const double> given, std::span<const double> expected,
                           std::string_view what) {
  bool same = given.size() == expected.size();
  for (std::size_t i = 0; same && i < given.size(); ++i) {
    same = std::bit_cast<std::uint64_t>(given[i]) == std::bit_cast<std::uint64_t>(expected[i]);
  }
  checks_.always(same, label::wrong_result, [&] {
    return std::string{what} + " succeeded with a result that the host reference does not give";
  });
}

void Witness::check_ledger() {
  for (const auto& entry : ledger_.undisposed()) {
    const bool buffer = std::string_view{entry.kind} == "buffer";
    checks_.always(false, buffer ? label::buffer_leaked : label::accelerator_leaked, [&] {
      return std::string{entry.kind} + " " + std::to_string(entry.id) + " made for " +
             entry.owner + " was never disposed";
    });
  }
}

}  // namespace thresher::scenarios::guide
