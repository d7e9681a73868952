// The checks shared by published and hardened patterns.
//
// The words of a failed check name the grain, the device and the error, since they are the first
// line that a user reads.
#include "thresher/scenarios/guide/witness.h"

#include "thresher/scenarios/guide/published/accelerator_pool.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace thresher::scenarios::guide {

using runtime::Errc;

void Witness::neighbour_reset(const std::string& owner, const std::string& victim,
                              std::uint64_t buffers) {
  checks_.always(owner == victim, label::neighbour_reset, [&] {
    return "a device reset by grain " + owner + " destroyed " + std::to_string(buffers) +
           " live buffers of grain " + victim + ", which was told nothing";
  });
}

void Witness::request_started(const std::string& grain) { requests_[grain] = Request{}; }

void Witness::result_computed(const std::string& grain) { requests_[grain].computed = true; }

void Witness::compute_failed(const std::string& grain, const runtime::Error& error) {
  Request& request = requests_[grain];
  request.met.push_back(error);
  checks_.always(!request.computed, label::success_discarded, [&] {
    return "grain " + grain + " had its result when giving back a buffer failed with " +
           runtime::describe(error) + ", and treats that as a failed computation";
  });
}

void Witness::request_ended(const std::string& grain, const runtime::Error* error) {
  const auto& met = requests_[grain].met;
  if (error == nullptr || met.empty()) return;
  const bool seen = std::ranges::any_of(
      met, [error](const runtime::Error& each) { return each.code == error->code; });
  checks_.always(seen || error->code == Errc::breaker_open, label::first_error_masked, [&] {
    return "grain " + grain + " met " + runtime::describe(met.front()) +
           " but its caller sees " + runtime::describe(*error);
  });
}

void Witness::compute_started(const std::string& grain, std::uint32_t device, bool usable) {
  checks_.always(usable, label::unhealthy_use, [&] {
    return "grain " + grain + " computes with an accelerator of device " +
           std::to_string(device) + " that its last reset left unusable";
  });
  for (const auto& [holder, breaker] : open_breakers_) {
    if (breaker.device == device) check_breaker(grain, device, holder, breaker);
  }
}

// `grain` calls `device`, for which the breaker of `holder` is open.
void Witness::check_breaker(const std::string& grain, std::uint32_t device,
                            const std::string& holder, const OpenBreaker& breaker) {
  const std::string call = "grain " + grain + " calls device " + std::to_string(device);
  if (holder != grain) {
    checks_.always(breaker.gone, label::not_per_device, [&] {
      return call + " while the circuit breaker of grain " + holder + " for it is open";
    });
  } else if (breaker.gone) {
    const bool over = services_.scheduler.now() - breaker.at >= breaker.open_for;
    checks_.always(over, label::breaker_forgotten, [&] {
      return call + ": its circuit breaker was open, and ended with the activation before";
    });
  } else {
    checks_.always(false, label::call_while_open,
                   [&] { return call + " although its circuit breaker is open"; });
  }
}

void Witness::breaker_opened(const std::string& grain, std::uint32_t device,
                             runtime::Duration open_for, const runtime::Error& cause) {
  open_breakers_[grain] = OpenBreaker{
      .device = device, .at = services_.scheduler.now(), .open_for = open_for, .gone = false};
  checks_.always(cause.code != Errc::caller_bug && cause.code != Errc::cancelled,
                 label::opened_by_callers_bug, [&] {
                   return "the circuit breaker of grain " + grain + " opened for " +
                          runtime::describe(cause) + ", which says nothing about the device";
                 });
}

void Witness::breaker_closed(const std::string& grain) { open_breakers_.erase(grain); }

void Witness::breaker_gone(const std::string& grain) {
  const auto found = open_breakers_.find(grain);
  if (found != open_breakers_.end()) found->second.gone = true;
}

void Witness::breaker_refused(const std::string& grain, runtime::Duration promised) {
  const auto found = open_breakers_.find(grain);
  if (found == open_breakers_.end()) return;
  const auto left = found->second.at + found->second.open_for - services_.scheduler.now();
  // Words for people: a second more or less is none of their concern.
  checks_.always(promised <= left + std::chrono::seconds{1}, label::wrong_retry_time, [&] {
    return "grain " + grain + " tells its caller to retry after " +
           std::to_string(promised / std::chrono::milliseconds{1}) +
           " ms; its circuit breaker is open for another " +
           std::to_string(left / std::chrono::milliseconds{1}) + " ms";
  });
}

void Witness::breaker_half_opens(const std::string& grain) {
  const auto found = open_breakers_.find(grain);
  if (found == open_breakers_.end()) return;
  const auto open_since = services_.scheduler.now() - found->second.at;
  checks_.always(open_since >= found->second.open_for, label::wall_clock, [&] {
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

void Witness::reset_claimed(const std::string& grain, bool usable) {
  checks_.always(usable, label::left_uninitialised, [&] {
    return "grain " + grain +
           " reports a reset as completed that left its accelerator unusable for good";
  });
}

void Witness::check_pool(const published::AcceleratorPool& pool) {
  checks_.always(pool.free_slots() == pool.max_size(), label::slot_lost, [&pool] {
    return "nobody holds an accelerator, and only " + std::to_string(pool.free_slots()) +
           " of " + std::to_string(pool.max_size()) + " slots are free";
  });
  const auto alive = std::ranges::count_if(
      pool.made(), [this](std::uint64_t id) { return ledger_.alive(id); });
  checks_.always(std::cmp_less_equal(alive, pool.idle()), label::accelerator_lost, [&] {
    return std::to_string(alive) + " accelerators of the pool live, and it knows of " +
           std::to_string(pool.idle());
  });
}

void Witness::check_ledger(const published::AcceleratorPool* pool) {
  const auto kept = [pool](std::uint64_t id) { return pool != nullptr && pool->keeps(id); };
  for (const auto& entry : ledger_.undisposed()) {
    const bool buffer = std::string_view{entry.kind} == "buffer";
    const auto leak = kept(entry.id) ? label::pool_never_closed
                      : buffer       ? label::buffer_leaked
                                     : label::accelerator_leaked;
    checks_.always(false, leak, [&] {
      return std::string{entry.kind} + " " + std::to_string(entry.id) + " made for " +
             entry.owner + " was never disposed";
    });
  }
}

}  // namespace thresher::scenarios::guide
