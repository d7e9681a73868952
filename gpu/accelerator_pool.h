// AcceleratorPool: a bounded set of accelerators, leased in order of arrival.
//
// Each of `size` slots is empty, tended, idle, leased or retired; a slot is never lost, whatever
// fails, and there are never more accelerators than slots. Only idle slots are handed out: an
// accelerator becomes idle when it was reset at Context level and its canary passed since its last
// use, in its present epoch. Tending (creating, resetting, checking, recovering, replacing) runs in
// fibers of the pool, in no caller's time; a lease's destructor hands over to them and never parks.
// A failed creation is the error of the acquire that waits longest. Any worker.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/authority.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace thresher::gpu {

class PoolState;

/// The right to use one accelerator until it is returned, dropped, or (an idle lease) revoked.
/// Movable; one owner. Its destructor returns the accelerator and never parks.
class Lease {
 public:
  Lease() noexcept = default;
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  /// Keeps an idle lease from expiring while it lives.
  class Use {
   public:
    Use(Use&& other) noexcept = default;
    Use& operator=(Use&&) = delete;
    ~Use();
    Accelerator& operator*() const noexcept { return *accelerator_; }
    Accelerator* operator->() const noexcept { return accelerator_.get(); }

   private:
    friend class Lease;
    Use(std::shared_ptr<PoolState> pool, std::uint64_t lease,
        std::shared_ptr<Accelerator> accelerator) noexcept;
    std::shared_ptr<PoolState> pool_;
    std::uint64_t lease_ = 0;
    std::shared_ptr<Accelerator> accelerator_;
  };

  /// The accelerator for one operation. Errors: refused (the lease was revoked or returned).
  runtime::Result<Use> use() const;
  /// The accelerator. Requires: valid(). For leases without idle timeout.
  Accelerator& operator*() const noexcept;
  Accelerator* operator->() const noexcept { return &**this; }
  /// False when empty, returned or revoked.
  bool valid() const noexcept;
  std::uint64_t id() const noexcept { return id_; }
  /// What calls of the holder carry: `{.authority = lease.authority()}`.
  Authority authority() const noexcept { return authority_; }
  /// `call` with this lease's authority.
  CallOptions call(CallOptions call = {}) const {
    call.authority = authority_;
    return call;
  }
  /// Returns it; never parks. Idempotent.
  void release() noexcept;

 private:
  friend class PoolState;
  Lease(std::shared_ptr<PoolState> pool, std::uint64_t id, Authority authority,
        std::shared_ptr<Accelerator> accelerator) noexcept;
  /// Shared by the pool, its fibers and its leases; any of them may end last.
  std::shared_ptr<PoolState> pool_;
  std::uint64_t id_ = 0;
  Authority authority_;
  std::shared_ptr<Accelerator> accelerator_;
};

struct PoolStatistics {
  std::uint32_t size = 0;
  std::uint32_t idle = 0;
  std::uint32_t leased = 0;
  std::uint32_t tended = 0;
  std::uint32_t empty = 0;
  std::uint64_t waiting = 0;
  std::uint64_t granted = 0;
  std::uint64_t replaced = 0;
  std::uint64_t expired = 0;
  /// Accelerators that exist in the pool's hands; never above the size.
  std::uint32_t accelerators() const noexcept { return idle + leased + tended; }
};

class AcceleratorPool {
 public:
  /// `factory` outlives the pool and its leases. Call on a fiber: the pool starts its janitor on
  /// the caller's worker.
  AcceleratorPool(AcceleratorFactory& factory, PoolOptions options = {});
  /// Ends waiting acquires with `closed`. Never parks: close first to give everything back.
  ~AcceleratorPool();
  AcceleratorPool(const AcceleratorPool&) = delete;
  AcceleratorPool& operator=(const AcceleratorPool&) = delete;

  /// A healthy accelerator. Parks in a fair queue. Errors: timeout, cancelled, overloaded (queue
  /// full), closed, refused, and what creation answered (capacity, quarantined, device_lost, ...).
  runtime::Result<Lease> acquire(const CallOptions& call = {});
  /// The same without waiting for anybody else's return: `capacity` when all slots are leased.
  runtime::Result<Lease> try_acquire(const CallOptions& call = {});

  /// Takes no more acquires, ends waiting ones, parks until every lease is back and every
  /// accelerator disposed. Errors: timeout (leases are still out), cancelled.
  runtime::Result<void> close(const CallOptions& call = {});
  /// Changes the number of slots; leased ones above it retire when they come back. Never parks.
  /// Requires: size >= 1.
  void resize(std::uint32_t size);
  PoolStatistics statistics() const;

 private:
  std::shared_ptr<PoolState> state_;
};

}  // namespace thresher::gpu
