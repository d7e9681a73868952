// The right to touch an accelerator, which its giver can take back.
//
// A lease or an activation owns an AuthoritySource; what it starts carries the Authority. A
// call whose authority was revoked is refused at its entry, so that a dead activation's late
// reset cannot destroy the next tenant's work. Any thread.
#pragma once

#include <atomic>
#include <memory>

namespace thresher::gpu {

/// What a call shows. The default one is always valid: for owners that nobody can dispossess.
class Authority {
 public:
  Authority() noexcept = default;
  bool valid() const noexcept {
    return revoked_ == nullptr || !revoked_->load(std::memory_order_acquire);
  }

 private:
  friend class AuthoritySource;
  explicit Authority(std::shared_ptr<const std::atomic<bool>> revoked) noexcept
      : revoked_{std::move(revoked)} {}
  /// Shared by the source and every call that carries it; either may end first.
  std::shared_ptr<const std::atomic<bool>> revoked_;
};

/// Gives authority and takes it back; taking it back is final. Revokes when destroyed.
class AuthoritySource {
 public:
  AuthoritySource() : revoked_{std::make_shared<std::atomic<bool>>(false)} {}
  AuthoritySource(AuthoritySource&&) noexcept = default;
  AuthoritySource& operator=(AuthoritySource&& other) noexcept {
    revoke();
    revoked_ = std::move(other.revoked_);
    return *this;
  }
  ~AuthoritySource() { revoke(); }

  Authority authority() const noexcept { return Authority{revoked_}; }
  void revoke() noexcept {
    if (revoked_ != nullptr) revoked_->store(true, std::memory_order_release);
  }

 private:
  std::shared_ptr<std::atomic<bool>> revoked_;
};

}  // namespace thresher::gpu
