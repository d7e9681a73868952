// AcceleratorPool and Lease: the faces of PoolState.
//
// Destructors only tell the state; what follows runs in the pool's own fibers.
#include "thresher/gpu/accelerator_pool.h"

#include "thresher/gpu/pool_state.h"
#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::gpu {

using runtime::Result;

AcceleratorPool::AcceleratorPool(AcceleratorFactory& factory, PoolOptions options)
    : state_{std::make_shared<PoolState>(factory, std::move(options))} {
  state_->start_janitor();
}

AcceleratorPool::~AcceleratorPool() { state_->stop(); }

Result<Lease> AcceleratorPool::acquire(const CallOptions& call) {
  return state_->acquire(call, true);
}

Result<Lease> AcceleratorPool::try_acquire(const CallOptions& call) {
  return state_->acquire(call, false);
}

Result<void> AcceleratorPool::close(const CallOptions& call) {
  state_->stop();
  return state_->wait_until_empty(call);
}

void AcceleratorPool::resize(std::uint32_t size) { state_->resize(size); }

PoolStatistics AcceleratorPool::statistics() const { return state_->statistics(); }

Lease::Lease(std::shared_ptr<PoolState> pool, std::uint64_t id, Authority authority,
             std::shared_ptr<Accelerator> accelerator) noexcept
    : pool_{std::move(pool)},
      id_{id},
      authority_{std::move(authority)},
      accelerator_{std::move(accelerator)} {
  THRESHER_ASSERT(pool_ != nullptr);
  THRESHER_ASSERT(accelerator_ != nullptr);
}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    release();
    pool_ = std::move(other.pool_);
    id_ = std::exchange(other.id_, 0);
    authority_ = std::move(other.authority_);
    accelerator_ = std::move(other.accelerator_);
  }
  return *this;
}

Lease::~Lease() { release(); }

void Lease::release() noexcept {
  if (pool_ == nullptr) return;
  accelerator_.reset();
  std::exchange(pool_, nullptr)->give_back(id_);
}

bool Lease::valid() const noexcept { return pool_ != nullptr && authority_.valid(); }

Result<Lease::Use> Lease::use() const {
  if (pool_ == nullptr) return runtime::fail(runtime::Errc::refused);
  THRESHER_TRY(accelerator, pool_->begin_use(id_));
  return Use{pool_, id_, std::move(accelerator)};
}

Accelerator& Lease::operator*() const noexcept {
  THRESHER_ASSERT(accelerator_ != nullptr);
  return *accelerator_;
}

Lease::Use::Use(std::shared_ptr<PoolState> pool, std::uint64_t lease,
                std::shared_ptr<Accelerator> accelerator) noexcept
    : pool_{std::move(pool)}, lease_{lease}, accelerator_{std::move(accelerator)} {}

Lease::Use::~Use() {
  if (pool_ != nullptr) pool_->end_use(lease_);
}

}  // namespace thresher::gpu
