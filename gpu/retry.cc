// What happens between two attempts: nothing, a pause, or a recovery and a pause.
//
// Its own failures are logged and end the retries; they never replace the operation's error.
#include "thresher/gpu/retry.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

#include <algorithm>
#include <string>

namespace thresher::gpu {

using runtime::Duration;
using runtime::Errc;
using runtime::LogLevel;
using runtime::Result;

namespace {

enum class Treatment : std::uint8_t { give_up, pause, recover };

Treatment treatment_of(Errc code) noexcept {
  if (code == Errc::capacity || code == Errc::overloaded || code == Errc::unavailable) {
    return Treatment::pause;
  }
  // A handle that a reset made stale while the operation ran: it is made anew, nothing is sick.
  if (code == Errc::stale_handle) return Treatment::pause;
  if (code == Errc::quarantined || code == Errc::device_lost) return Treatment::give_up;
  return sufficient_level(code) ? Treatment::recover : Treatment::give_up;
}

void log(runtime::Services& services, LogLevel level, const std::string& text) {
  if (services.probe.logs(level)) services.probe.log(level, "gpu.retry", text);
}

}  // namespace

Duration backoff(const RetryOptions& options, std::uint32_t attempt) noexcept {
  THRESHER_ASSERT(attempt >= 1);
  Duration delay = options.base_delay;
  for (std::uint32_t i = 0; i < attempt && delay < options.delay_max; ++i) delay *= 2;
  return std::min(delay, options.delay_max);
}

ResetType progressive_level(std::uint32_t attempt) noexcept {
  THRESHER_ASSERT(attempt >= 1);
  if (attempt == 1) return ResetType::context;
  return attempt == 2 ? ResetType::hard : ResetType::full;
}

bool detail::prepare_retry(runtime::Services& services, Accelerator& accelerator,
                           const RetryOptions& options, std::uint32_t attempt,
                           const runtime::Error& error, const CallOptions& call) {
  const Treatment treatment = treatment_of(error.code);
  if (treatment == Treatment::give_up || call.token.is_cancelled()) return false;
  log(services, LogLevel::warning,
      "Compute attempt " + std::to_string(attempt) + " failed (" + runtime::describe(error) +
          "), will retry");
  if (treatment == Treatment::recover) {
    const Result<RecoveryResult> recovered =
        accelerator.recover(error, call, progressive_level(attempt));
    if (!recovered || recovered->outcome == RecoveryOutcome::quarantined) {
      log(services, LogLevel::error,
          "Reset failed: " + (recovered ? "device quarantined"
                                        : runtime::describe(recovered.error())));
      return false;
    }
  }
  const Duration pause = backoff(options, attempt);
  if (runtime::deadline_after(services.scheduler.now(), pause) >= call.deadline) return false;
  return runtime::sleep_for(services.scheduler, pause, call.token).has_value();
}

}  // namespace thresher::gpu
