// CompletionHub: a map of tokens under a short lock.
//
// Waiters take themselves out before they return, under the same lock that wakes them.
#include "thresher/gpu/completion_hub.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <mutex>

namespace thresher::gpu {

using runtime::fail;
using runtime::Result;
using runtime::WaitEnd;

namespace {

using Guard = std::lock_guard<runtime::ShortLock>;

/// Completions of one stream may come in any order; the count only goes up.
void advance(const Completion& completion) noexcept {
  std::atomic<std::uint64_t>& completed = completion.progress->completed;
  std::uint64_t seen = completed.load(std::memory_order_relaxed);
  while (seen < completion.sequence &&
         !completed.compare_exchange_weak(seen, completion.sequence, std::memory_order_acq_rel)) {
  }
}

}  // namespace

std::uint64_t CompletionHub::add(const std::shared_ptr<Completion>& completion) {
  THRESHER_ASSERT(completion != nullptr);
  const Guard guard{lock_};
  const std::uint64_t token = ++last_token_;
  pending_.emplace(token, completion);
  return token;
}

void CompletionHub::withdraw(std::uint64_t token) noexcept {
  const Guard guard{lock_};
  const auto erased = pending_.erase(token);
  THRESHER_ASSERT(erased == 1);
}

Result<Status> CompletionHub::wait(Completion& completion,
                                   const runtime::CancellationToken& token,
                                   runtime::TimePoint deadline) {
  runtime::Wait wait{{.verb = "wait for", .name = "device"}};
  {
    const Guard guard{lock_};
    if (completion.dropped) return runtime::Unexpected{*completion.dropped};
    if (completion.status) return *completion.status;
    THRESHER_ASSERT(completion.wait == nullptr);
    completion.wait = &wait;
  }
  struct Entry {
    CompletionHub& hub;
    Completion& completion;
    ~Entry() {
      const Guard guard{hub.lock_};
      completion.wait = nullptr;
    }
  } entry{*this, completion};
  const WaitEnd end = token.park(scheduler_, wait, deadline);
  const Guard guard{lock_};
  if (end != WaitEnd::satisfied) return fail(runtime::result_of(end).error().code);
  if (completion.dropped) return runtime::Unexpected{*completion.dropped};
  THRESHER_ASSERT(completion.status.has_value());
  return *completion.status;
}

void CompletionHub::drop(const StreamProgress& progress, const runtime::Error& why) noexcept {
  const Guard guard{lock_};
  for (auto& [token, completion] : pending_) {
    if (completion->progress.get() != &progress || completion->dropped) continue;
    completion->dropped = why;
    if (completion->wait != nullptr) scheduler_.unpark(*completion->wait, WaitEnd::satisfied);
  }
}

void CompletionHub::complete(std::uint64_t token, Status status) noexcept {
  std::shared_ptr<Completion> completion;
  {
    const Guard guard{lock_};
    const auto at = pending_.find(token);
    if (at == pending_.end()) return;  // Withdrawn: `notify` failed after all.
    completion = std::move(at->second);
    pending_.erase(at);
    completion->status = status;
    if (status.ok()) advance(*completion);
    if (completion->wait != nullptr) scheduler_.unpark(*completion->wait, WaitEnd::satisfied);
  }
  // After an error its context is sick: event and staging go with it.
  if (status.ok()) completion->events->give(completion->event);
}

std::size_t CompletionHub::pending() const noexcept {
  const Guard guard{lock_};
  return pending_.size();
}

}  // namespace thresher::gpu
