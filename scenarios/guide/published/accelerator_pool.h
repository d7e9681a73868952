// The guide's AcceleratorPool (strategy 2), translated line by line, defects and all.
//
// One pool a silo, used from the turns of one worker. It has no way to be closed, as published.
#pragma once

#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/published/api.h"

#include <cstdint>
#include <vector>

namespace thresher::scenarios::published {

class AcceleratorPool {
 public:
  AcceleratorPool(runtime::Services& services, AcceleratorFactory& factory,
                  std::uint32_t max_size = 4);

  /// AcquireAsync. Throws what the reset or the creation throws.
  Accelerator& acquire(const runtime::CancellationToken& token, std::string owner);
  /// ReleaseAsync. Throws what the reset throws.
  void release(Accelerator& accelerator);

  /// For checkers: what the pool's own fields say.
  std::uint64_t free_slots() const noexcept { return semaphore_.available(); }
  std::uint64_t idle() const noexcept { return available_.size(); }
  std::uint32_t max_size() const noexcept { return max_size_; }
  /// Ledger ids of all accelerators that it ever created.
  const std::vector<std::uint64_t>& made() const noexcept { return made_; }
  /// True for the ledger id of an idle accelerator.
  bool keeps(std::uint64_t ledger_id) const noexcept;
  /// The accelerator handed out last came out of a reset whose result was no success.
  struct HandOut {
    bool reused = false;
    bool reset_succeeded = true;
  };
  const HandOut& last_hand_out() const noexcept { return last_hand_out_; }

 private:
  AcceleratorFactory& factory_;
  /// ConcurrentBag: takes what the same thread added last.
  std::vector<Accelerator*> available_;
  runtime::Semaphore semaphore_;
  std::uint32_t max_size_;
  HandOut last_hand_out_;
  std::vector<std::uint64_t> made_;
};

}  // namespace thresher::scenarios::published
