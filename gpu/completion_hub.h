// CompletionHub: the one CompletionSink of a driver process's device, and the waits behind it.
//
// A driver may complete late, also after the waiter gave up, so what it is given must outlive
// every wait: the hub lives as long as its device's node, and tokens are never used twice. What
// a finished operation held (its event, its staging memory) is given back when the device is
// done with it and not when the caller loses patience. `complete` comes from any thread, never
// parks, calls no driver.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/shelves.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace thresher::gpu {

/// How far a stream has come. Shared by the stream and the completions that move it on.
struct StreamProgress {
  /// All operations up to this number are done.
  std::atomic<std::uint64_t> completed{0};
};

/// One recorded event that somebody or nobody waits for. Shared by its waiter and the hub.
struct Completion {
  std::shared_ptr<StreamProgress> progress;
  std::uint64_t sequence = 0;
  /// Where the event goes when it has happened.
  std::shared_ptr<EventShelf> events;
  EventHandle event;
  /// Staging memory that the device may touch until then.
  PinnedBlock staging;

  // Below: guarded by the hub's lock.
  runtime::Wait* wait = nullptr;
  std::optional<Status> status;
  /// Set instead of `status` when a reset abandoned the work.
  std::optional<runtime::Error> dropped;
};

class CompletionHub final : public CompletionSink {
 public:
  explicit CompletionHub(runtime::Scheduler& scheduler) : scheduler_{scheduler} {}

  /// Registers and gives the token for `Driver::notify`.
  std::uint64_t add(const std::shared_ptr<Completion>& completion);
  /// Takes it out again when `notify` itself failed.
  void withdraw(std::uint64_t token) noexcept;
  /// Parks until it is complete and gives the driver's status. Errors: timeout, cancelled, and the
  /// reason with which a reset dropped it.
  runtime::Result<Status> wait(Completion& completion, const runtime::CancellationToken& token,
                               runtime::TimePoint deadline);
  /// Ends every wait on that stream with `why`; the device may still complete the work.
  void drop(const StreamProgress& progress, const runtime::Error& why) noexcept;

  void complete(std::uint64_t token, Status status) noexcept override;

  /// Completions that the driver still owes.
  std::size_t pending() const noexcept;

 private:
  runtime::Scheduler& scheduler_;
  mutable runtime::ShortLock lock_;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Completion>> pending_;
};

}  // namespace thresher::gpu
