// Sources, tokens and registrations: handles on a shared CancellationState, which does the work.
// A token without a state is the one that nobody cancels, and costs nothing.
#include "thresher/runtime/fiber/cancellation.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/cancellation_state.h"

#include <utility>

namespace thresher::runtime {

using detail::CancellationState;

CancellationRegistration::CancellationRegistration(
    std::shared_ptr<detail::CancellationState> state, std::uint64_t id)
    : state_{std::move(state)}, id_{id} {}

CancellationRegistration::CancellationRegistration(CancellationRegistration&& other) noexcept
    : state_{std::move(other.state_)}, id_{std::exchange(other.id_, 0)} {}

CancellationRegistration& CancellationRegistration::operator=(
    CancellationRegistration&& other) noexcept {
  if (this == &other) return *this;
  if (state_ != nullptr) state_->remove_callback(id_);
  state_ = std::move(other.state_);
  id_ = std::exchange(other.id_, 0);
  return *this;
}

CancellationRegistration::~CancellationRegistration() {
  if (state_ != nullptr) state_->remove_callback(id_);
}

CancellationToken::CancellationToken(std::shared_ptr<CancellationState> state) noexcept
    : state_{std::move(state)} {}

bool CancellationToken::is_cancelled() const noexcept {
  return state_ != nullptr && state_->is_cancelled();
}

TimePoint CancellationToken::deadline() const noexcept {
  return state_ == nullptr ? no_deadline : state_->deadline();
}

Result<void> CancellationToken::check(SourceLocation origin) const noexcept {
  if (is_cancelled()) return fail(Errc::cancelled, 0, origin);
  return {};
}

CancellationRegistration CancellationToken::on_cancel(Task callback) const {
  THRESHER_ASSERT(static_cast<bool>(callback));
  if (state_ == nullptr) return {};
  const std::uint64_t id = state_->add_callback(std::move(callback));
  return CancellationRegistration{state_, id};
}

WaitEnd CancellationToken::park(Scheduler& scheduler, Wait& wait, TimePoint deadline) const {
  if (state_ == nullptr) return scheduler.park_until(wait, deadline);
  return state_->park(scheduler, wait, deadline);
}

CancellationSource::CancellationSource(Scheduler& scheduler)
    : state_{std::make_shared<CancellationState>(scheduler, no_deadline)} {}

CancellationSource::CancellationSource(Scheduler& scheduler,
                                       std::initializer_list<CancellationToken> parents,
                                       TimePoint deadline)
    : state_{std::make_shared<CancellationState>(scheduler, deadline)} {
  CancellationState::Parents states;
  for (const CancellationToken& parent : parents) {
    if (parent.state_ != nullptr) states.push_back(parent.state_);
  }
  state_->link(std::move(states));
}

CancellationSource::~CancellationSource() = default;

CancellationToken CancellationSource::token() const noexcept {
  THRESHER_ASSERT(state_ != nullptr);
  return CancellationToken{state_};
}

void CancellationSource::cancel() noexcept {
  THRESHER_ASSERT(state_ != nullptr);
  const std::shared_ptr<CancellationState> keep = state_;  // A waiter may destroy this source.
  keep->cancel();
}

void CancellationSource::cancel_at(TimePoint deadline) {
  THRESHER_ASSERT(state_ != nullptr);
  state_->cancel_at(deadline);
}

bool CancellationSource::is_cancelled() const noexcept {
  THRESHER_ASSERT(state_ != nullptr);
  return state_->is_cancelled();
}

}  // namespace thresher::runtime
