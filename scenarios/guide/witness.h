// What the harness sees of a guide scenario: the ledger, the first error of each request, what each
// accelerator and breaker did. The checks that published and hardened patterns share are made here,
// each with its label, so that both are judged by the same words.
//
// One a run, a service of the silo's grains; used on the fibers of one world. Observes, and never
// changes what a pattern does: no function here parks.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/scenarios/guide/published/api.h"
#include "thresher/sim/checks.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::scenarios::published {
class AcceleratorPool;
}

namespace thresher::scenarios::guide {

/// Labels of the shared checks.
namespace label {
inline constexpr std::string_view wrong_result = "call.wrong_result";
inline constexpr std::string_view first_error_masked = "call.first_error_masked";
inline constexpr std::string_view success_discarded = "call.success_discarded";
inline constexpr std::string_view buffer_leaked = "device.buffer_leaked";
inline constexpr std::string_view accelerator_leaked = "device.accelerator_leaked";
inline constexpr std::string_view neighbour_reset = "device.neighbour_reset";
inline constexpr std::string_view unhealthy_use = "device.unhealthy_use";
inline constexpr std::string_view left_uninitialised = "reset.left_uninitialised";
inline constexpr std::string_view slot_lost = "pool.slot_lost";
inline constexpr std::string_view accelerator_lost = "pool.accelerator_lost";
inline constexpr std::string_view size_exceeded = "pool.size_exceeded";
inline constexpr std::string_view unhealthy_hand_out = "pool.unhealthy_hand_out";
inline constexpr std::string_view pool_never_closed = "pool.never_closed";
inline constexpr std::string_view exclusive_shared = "hybrid.exclusive_shared";
inline constexpr std::string_view full_never_tried = "retry.full_never_tried";
inline constexpr std::string_view wrong_attempt_count = "retry.wrong_attempt_count";
inline constexpr std::string_view reset_for_callers_bug = "retry.reset_for_callers_bug";
inline constexpr std::string_view call_while_open = "breaker.call_while_open";
inline constexpr std::string_view not_per_device = "breaker.not_per_device";
inline constexpr std::string_view opened_by_callers_bug = "breaker.opened_by_callers_bug";
inline constexpr std::string_view wall_clock = "breaker.wall_clock";
inline constexpr std::string_view wrong_retry_time = "breaker.wrong_retry_time";
inline constexpr std::string_view breaker_forgotten = "breaker.forgotten";
inline constexpr std::string_view stuck = "progress.stuck";
}  // namespace label

/// What one request's retries have done so far.
struct RetryTrail {
  std::string grain;
  int attempts = 0;
  std::optional<gpu::ResetType> highest_reset;
};

class Witness final : public published::LayerObserver {
 public:
  Witness(runtime::Services& services, sim::Checks& checks)
      : services_{services}, checks_{checks} {}

  published::Ledger& ledger() noexcept { return ledger_; }
  sim::Checks& checks() noexcept { return checks_; }

  void neighbour_reset(const std::string& owner, const std::string& victim,
                       std::uint64_t buffers) override;

  /// A request of `grain` begins, has its result on the host, meets an error while computing, and
  /// ends with what its caller sees (null for success). A caller must see an error that computing
  /// met, not one of what was done about it.
  void request_started(const std::string& grain);
  void result_computed(const std::string& grain);
  void compute_failed(const std::string& grain, const runtime::Error& error);
  void request_ended(const std::string& grain, const runtime::Error* error);

  /// A computation of `grain` on `device` begins. `usable`: whether its accelerator can serve.
  void compute_started(const std::string& grain, std::uint32_t device, bool usable);

  /// Breakers, as each grain believes. `open_for` is what it promises.
  void breaker_opened(const std::string& grain, std::uint32_t device, runtime::Duration open_for,
                      const runtime::Error& cause);
  void breaker_closed(const std::string& grain);
  /// The activation that held the breaker of `grain` ends, and its state with it.
  void breaker_gone(const std::string& grain);
  /// A caller of `grain` is refused and told to come back after `promised`.
  void breaker_refused(const std::string& grain, runtime::Duration promised);

  /// A breaker's open time is over, as its grain believes.
  void breaker_half_opens(const std::string& grain);

  /// A grain uses `device`, alone if `exclusive`, until it ends.
  void exclusive_use(const std::string& grain, std::uint32_t device, bool exclusive);
  void exclusive_end(const std::string& grain);

  /// A retry resets for `cause`, and gives up with `claimed` attempts in its words (0: none said).
  void retry_resets(RetryTrail& trail, const runtime::Error& cause, gpu::ResetType level);
  void retry_gave_up(const RetryTrail& trail, const runtime::Error& last, int claimed);

  /// A computed result that was given as a success, and what the host reference gives.
  void result_given(std::span<const double> given, std::span<const double> expected,
                    std::string_view what);

  /// True once faults have stopped.
  bool healed() const noexcept { return healed_; }
  void heal() noexcept { healed_ = true; }

  /// `grain` tells its caller that the reset it asked for is done. `usable`: whether the
  /// accelerator can serve.
  void reset_claimed(const std::string& grain, bool usable);

  /// When every grain was deactivated: all slots are free, and the pool knows what it made.
  void check_pool(const published::AcceleratorPool& pool);

  /// At the end, when every grain was deactivated: nothing made was left undisposed. `pool`: the
  /// published pool, if the pattern has one.
  void check_ledger(const published::AcceleratorPool* pool = nullptr);

 private:
  struct Request {
    bool computed = false;
    std::vector<runtime::Error> met;
  };
  struct OpenBreaker {
    std::uint32_t device = 0;
    runtime::TimePoint at{};
    runtime::Duration open_for{};
    /// Its activation has ended.
    bool gone = false;
  };
  void check_breaker(const std::string& grain, std::uint32_t device, const std::string& holder,
                     const OpenBreaker& breaker);

  runtime::Services& services_;
  sim::Checks& checks_;
  published::Ledger ledger_;
  std::map<std::string, Request, std::less<>> requests_;
  std::map<std::string, OpenBreaker, std::less<>> open_breakers_;
  struct DeviceUse {
    std::uint32_t device = 0;
    bool exclusive = false;
  };
  std::map<std::string, DeviceUse, std::less<>> uses_;
  bool healed_ = false;
};

}  // namespace thresher::scenarios::guide
