// Gate: one short lock, a list of requests to be alone and a list of calls that wait.
//
// Whoever ends a wait does it under the lock, so that the waiter sees the grant or none.
#include "thresher/gpu/gate.h"

#include "thresher/runtime/base/assert.h"

#include <mutex>

namespace thresher::gpu {

using runtime::CancellationToken;
using runtime::Errc;
using runtime::fail;
using runtime::Result;
using runtime::TimePoint;
using runtime::WaitEnd;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

Gate::Gate(runtime::Scheduler& scheduler, const char* name)
    : scheduler_{scheduler},
      shared_operation_{.verb = "enter", .name = name, .object = scheduler.new_object(),
                        .reads_only = true},
      alone_operation_{.verb = "enter alone", .name = name, .object = shared_operation_.object} {}

Gate::~Gate() {
  THRESHER_ASSERT(shared_ == 0 || scheduler_.unwinding());
  THRESHER_ASSERT(alone_ == nullptr || scheduler_.unwinding());
}

Gate::Shared& Gate::Shared::operator=(Shared&& other) noexcept {
  if (this != &other) {
    leave();
    gate_ = std::exchange(other.gate_, nullptr);
  }
  return *this;
}

void Gate::Shared::leave() noexcept {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->leave();
}

std::uint64_t Gate::shared_count() const noexcept {
  const Guard guard{lock_};
  return shared_;
}

Result<Gate::Shared> Gate::enter(const CancellationToken& token, TimePoint deadline) {
  scheduler_.touch(shared_operation_);
  if (token.is_cancelled()) return fail(Errc::cancelled);
  runtime::Wait wait{shared_operation_};
  {
    const Guard guard{lock_};
    if (alone_ == nullptr && requests_.empty()) {
      ++shared_;
      return Shared{*this};
    }
    waiting_.push_back(wait);
  }
  // Takes the wait out however this is left; a grant that unwinding overtook is given back.
  struct Entry {
    Gate& gate;
    runtime::Wait& wait;
    bool taken = false;
    ~Entry() {
      {
        const Guard guard{gate.lock_};
        if (wait.listed) gate.waiting_.remove(wait);
        taken = taken || !wait.granted;
      }
      if (!taken) gate.leave();
    }
  } entry{*this, wait};
  const WaitEnd end = token.park(scheduler_, wait, deadline);
  if (end != WaitEnd::satisfied) return fail(runtime::result_of(end).error().code);
  {
    const Guard guard{lock_};
    THRESHER_ASSERT(wait.granted);
  }
  entry.taken = true;
  return Shared{*this};
}

void Gate::leave() noexcept {
  const Guard guard{lock_};
  THRESHER_ASSERT(shared_ > 0);
  THRESHER_ASSERT(alone_ == nullptr);
  --shared_;
  grant_next();
}

void Gate::admit_waiting() noexcept {
  while (runtime::Wait* const wait = waiting_.pop_front()) {
    if (!scheduler_.unpark(*wait, WaitEnd::satisfied)) continue;
    wait->granted = true;
    ++shared_;
  }
}

void Gate::grant_next() noexcept {
  if (shared_ != 0 || alone_ != nullptr) return;
  while (Alone* const request = requests_.front()) {
    if (request->wait_ == nullptr) return;  // Announced only: it takes the gate when it asks.
    requests_.remove(*request);
    if (!scheduler_.unpark(*request->wait_, WaitEnd::satisfied)) continue;
    request->granted_ = true;
    alone_ = request;
    return;
  }
  admit_waiting();
}

Gate::Alone::Alone(Gate& gate) noexcept : gate_{gate} {
  const Guard guard{gate_.lock_};
  gate_.requests_.push_back(*this);
}

Gate::Alone::~Alone() {
  const Guard guard{gate_.lock_};
  if (listed) gate_.requests_.remove(*this);
  if (granted_) {
    THRESHER_ASSERT(gate_.alone_ == this);
    THRESHER_ASSERT(gate_.shared_ == 0);
    gate_.alone_ = nullptr;
    gate_.admit_waiting();
  } else if (gate_.alone_ == nullptr && gate_.requests_.empty()) {
    gate_.admit_waiting();  // They waited behind this request alone.
  }
  gate_.grant_next();
}

Result<void> Gate::Alone::acquire(const CancellationToken& token, TimePoint deadline) {
  THRESHER_ASSERT(!granted_);
  gate_.scheduler_.touch(gate_.alone_operation_);
  if (token.is_cancelled()) return fail(Errc::cancelled);
  runtime::Wait wait{gate_.alone_operation_};
  {
    const Guard guard{gate_.lock_};
    if (!listed) gate_.requests_.push_back(*this);
    if (gate_.shared_ == 0 && gate_.alone_ == nullptr && gate_.requests_.front() == this) {
      gate_.requests_.remove(*this);
      gate_.alone_ = this;
      granted_ = true;
      return {};
    }
    wait_ = &wait;
  }
  struct Entry {
    Alone& request;
    ~Entry() {
      const Guard guard{request.gate_.lock_};
      request.wait_ = nullptr;
    }
  } entry{*this};
  const WaitEnd end = token.park(gate_.scheduler_, wait, deadline);
  if (end != WaitEnd::satisfied) return fail(runtime::result_of(end).error().code);
  THRESHER_ASSERT(granted_);
  return {};
}

}  // namespace thresher::gpu
