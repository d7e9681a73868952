// Delivers `notify`: a background fiber a worker that sleeps until the device may have finished
// something that somebody asked to be told of.
//
// Its waits serve foreground waits, so that a world that waits for the device alone is no deadlock;
// when nothing that runs will ever end, it sleeps without a deadline and is none of the world's
// hopes. Owned by DriverCore and guarded by the machine's lock; sinks are called without it.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/sim/device/work.h"

#include <cstdint>
#include <vector>

namespace thresher::sim {

class DriverCore;

/// Somebody waits for a point of a stream.
struct Notice {
  gpu::ContextHandle context;
  StreamPoint point;
  gpu::CompletionSink* sink = nullptr;
  std::uint64_t token = 0;
};

/// A notice whose time has come.
struct Delivery {
  Notice notice;
  gpu::Status status;
};

class CompletionPump {
 public:
  /// True when the pump's fiber must be started by the caller, once the lock is released.
  [[nodiscard]] bool add(const Notice& notice);
  /// Makes the fiber look again. Requires: the lock.
  void wake(runtime::Scheduler& scheduler) noexcept;
  /// Takes all notices out, undelivered. Requires: the lock.
  std::vector<Notice> take_all() noexcept;
  /// The fiber's body: runs until the driver closes.
  void run(DriverCore& core);

 private:
  std::vector<Delivery> collect(DriverCore& core);

  std::vector<Notice> notices_;
  runtime::Wait* parked_ = nullptr;
  bool started_ = false;
};

}  // namespace thresher::sim
