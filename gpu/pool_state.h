// PoolState: slots, waiters and leases of one AcceleratorPool. Internal to the pool's files.
//
// A slot exists from the moment somebody needs it until its accelerator is disposed; it is
// tended (in the hands of a fiber of the pool), idle (verified, waiting) or leased. Only a
// tending fiber removes a slot, so none is lost whatever fails. All fields are guarded by one
// short lock, never held over a park or a call to an accelerator that may park. Any worker; the
// janitor and the tending fibers live on the worker that made the pool.
#pragma once

#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/accelerator_pool.h"
#include "thresher/gpu/authority.h"
#include "thresher/gpu/options.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>

namespace thresher::gpu {

class PoolState : public std::enable_shared_from_this<PoolState> {
 public:
  PoolState(AcceleratorFactory& factory, PoolOptions options);
  ~PoolState();

  void start_janitor();
  runtime::Result<Lease> acquire(const CallOptions& call, bool wait_for_returns);
  void stop() noexcept;
  runtime::Result<void> wait_until_empty(const CallOptions& call);
  void resize(std::uint32_t size);
  PoolStatistics statistics() const;

  // For leases.
  runtime::Result<std::shared_ptr<Accelerator>> begin_use(std::uint64_t lease);
  void end_use(std::uint64_t lease) noexcept;
  void give_back(std::uint64_t lease) noexcept;
  bool leased(std::uint64_t lease) const noexcept;

 private:
  enum class SlotState : std::uint8_t { tended, idle, leased };
  struct Slot {
    SlotState state = SlotState::tended;
    std::shared_ptr<Accelerator> accelerator;
    /// The device it is on or is to be made on.
    std::optional<DeviceOrdinal> device;
    /// The stamp in which its canary passed after its last use.
    Stamp verified;
    /// True until it was reset after its last tenant.
    bool used = false;
    std::uint64_t idle_since = 0;
    std::uint64_t lease = 0;
    AuthoritySource authority;
    std::uint32_t uses = 0;
    runtime::TimePoint last_use{};
  };
  using Slots = std::map<std::uint64_t, Slot>;
  /// What a waiting acquire is given; lives on its stack.
  struct Grant {
    std::uint64_t lease = 0;
    Authority authority;
    std::shared_ptr<Accelerator> accelerator;
    std::optional<runtime::Error> error;
  };

  // Under the lock.
  std::optional<Grant> take_idle();
  void lease_out(Slot& slot, Grant& grant);
  bool healthy(const Slot& slot) const;
  void tend_later(std::uint64_t id, Slot& slot);
  void supply();
  void offer(std::uint64_t id, Slot& slot);
  bool fail_front(const runtime::Error& error);
  void fail_all(const runtime::Error& error);
  void wake_janitor() noexcept;
  Slot* slot_of_lease(std::uint64_t lease);
  const Slot* slot_of_lease(std::uint64_t lease) const;
  std::uint32_t count(SlotState state) const;
  bool surplus() const noexcept { return closed_ || slots_.size() > size_; }
  void check() const;

  // The pool's fibers (pool_tender.cc).
  void run_janitor();
  runtime::TimePoint expire_idle_leases();
  void tend(std::uint64_t id);
  enum class Tended : std::uint8_t { ready, replace, failed };
  runtime::Result<void> create_member(std::uint64_t id, std::uint32_t failures);
  std::optional<DeviceOrdinal> pick_device(std::uint64_t id, std::uint32_t failures) const;
  bool make_ready(std::uint64_t id);
  bool clean(Accelerator& accelerator);
  void retire(std::uint64_t id);
  void drop_member(std::uint64_t id);
  bool finish_tending(std::uint64_t id, const Stamp& verified);
  bool somebody_waits() const;

  AcceleratorFactory& factory_;
  runtime::Services& services_;
  PoolOptions options_;
  runtime::Operation operation_;

  mutable runtime::ShortLock lock_;
  std::uint32_t size_;
  bool closed_ = false;
  std::uint64_t last_id_ = 0;
  Slots slots_;
  runtime::WaitList waiters_;
  runtime::WaitList closers_;
  std::deque<std::uint64_t> work_;
  runtime::Wait* janitor_ = nullptr;
  bool janitor_woken_ = false;
  PoolStatistics statistics_;
};

}  // namespace thresher::gpu
