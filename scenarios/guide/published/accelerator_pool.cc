// As published: a slot is taken before creation or reset may throw, the result of a reset is never
// read, and what cannot be reset on return is dropped. Nothing here is to be mended.
#include "thresher/scenarios/guide/published/accelerator_pool.h"

#include <algorithm>
#include <utility>

namespace thresher::scenarios::published {

AcceleratorPool::AcceleratorPool(runtime::Services& services, AcceleratorFactory& factory,
                                 std::uint32_t max_size)
    : factory_{factory},
      semaphore_{services.scheduler, "AcceleratorPool._semaphore", max_size},
      max_size_{max_size} {}

Accelerator& AcceleratorPool::acquire(const runtime::CancellationToken& token,
                                      std::string owner) {
  if (auto waited = semaphore_.acquire(1, token); !waited) {
    throw_for(waited.error(), "wait for the pool");
  }
  if (!available_.empty()) {
    Accelerator* accelerator = available_.back();
    available_.pop_back();
    // Soft reset before reuse.
    const ResetResult result = accelerator->reset(presets::soft, token);
    last_hand_out_ = {.reused = true, .reset_succeeded = result.success};
    return *accelerator;
  }
  // Create new accelerator.
  Accelerator& created = factory_.create(token, std::move(owner));
  last_hand_out_ = {};
  made_.push_back(created.ledger_id());
  return created;
}

bool AcceleratorPool::keeps(std::uint64_t ledger_id) const noexcept {
  return std::ranges::any_of(available_, [ledger_id](const Accelerator* each) {
    return each->ledger_id() == ledger_id;
  });
}

void AcceleratorPool::release(Accelerator& accelerator) {
  // finally { _semaphore.Release(); }, whichever way the try block is left.
  struct Finally {
    runtime::Semaphore& semaphore;
    ~Finally() { semaphore.release(); }
  } finally{semaphore_};
  // Context reset before returning to pool.
  accelerator.reset(presets::context, runtime::CancellationToken::none());
  available_.push_back(&accelerator);
}

}  // namespace thresher::scenarios::published
