// Gate: shared by calls, alone by a reset, with deadlines; across workers.
//
// Announcing a request to be alone holds new calls back at once, so that a stream of calls
// cannot keep a reset out; calls that waited while one was alone go in before the next one, so
// that resets cannot keep calls out. A call must not enter twice: it would wait for the reset
// that waits for it. Waits are fair and bounded by their deadline. The lock is short and never
// held over a park.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <cstdint>
#include <utility>

namespace thresher::gpu {

class Gate {
 public:
  Gate(runtime::Scheduler& scheduler, const char* name);
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;
  ~Gate();

  /// Being inside with others; leaves when destroyed. Movable, also to another fiber.
  class Shared {
   public:
    Shared() noexcept = default;
    Shared(Shared&& other) noexcept : gate_{std::exchange(other.gate_, nullptr)} {}
    Shared& operator=(Shared&& other) noexcept;
    ~Shared() { leave(); }
    bool held() const noexcept { return gate_ != nullptr; }
    void leave() noexcept;

   private:
    friend class Gate;
    explicit Shared(Gate& gate) noexcept : gate_{&gate} {}
    Gate* gate_ = nullptr;
  };

  /// A request to be alone: announced when made, withdrawn or given up when destroyed.
  class Alone {
   public:
    explicit Alone(Gate& gate) noexcept;
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;
    ~Alone();
    /// Parks until nobody else is inside. Errors: timeout, cancelled; the request stays announced.
    runtime::Result<void> acquire(const runtime::CancellationToken& token,
                                  runtime::TimePoint deadline);
    bool held() const noexcept { return granted_; }

    /// For the gate's list of requests.
    Alone* next = nullptr;
    Alone* previous = nullptr;
    bool listed = false;

   private:
    friend class Gate;
    Gate& gate_;
    runtime::Wait* wait_ = nullptr;
    bool granted_ = false;
  };

  /// Parks while somebody is alone inside or has announced it. Errors: timeout, cancelled.
  runtime::Result<Shared> enter(const runtime::CancellationToken& token,
                                runtime::TimePoint deadline);

  /// How many are inside, sharing. For statistics and tests.
  std::uint64_t shared_count() const noexcept;

 private:
  void leave() noexcept;
  void admit_waiting() noexcept;
  void grant_next() noexcept;

  runtime::Scheduler& scheduler_;
  runtime::Operation shared_operation_;
  runtime::Operation alone_operation_;
  mutable runtime::ShortLock lock_;
  std::uint64_t shared_ = 0;
  Alone* alone_ = nullptr;
  runtime::IntrusiveList<Alone> requests_;
  runtime::WaitList waiting_;
};

}  // namespace thresher::gpu
