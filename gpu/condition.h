// What is wrong with a context or a driver process, and the level that recovers it.
//
// A reset that succeeds heals it; nothing else does.
#pragma once

#include "thresher/gpu/driver_result.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <mutex>
#include <optional>

namespace thresher::gpu {

/// The first error that made it sick is the one that every later call answers; a later one can only
/// raise the level that is needed. Any thread; never parks.
class Condition {
 public:
  struct Sickness {
    runtime::Error error;
    ResetType required = ResetType::hard;
  };

  void worsen(const runtime::Error& error, ResetType required) noexcept {
    const std::lock_guard guard{lock_};
    if (!sickness_) {
      sickness_ = Sickness{error, required};
    } else if (sickness_->required < required) {
      sickness_->required = required;
    }
  }
  void heal() noexcept {
    const std::lock_guard guard{lock_};
    sickness_.reset();
  }
  std::optional<Sickness> sickness() const noexcept {
    const std::lock_guard guard{lock_};
    return sickness_;
  }

 private:
  mutable runtime::ShortLock lock_;
  std::optional<Sickness> sickness_;
};

}  // namespace thresher::gpu
