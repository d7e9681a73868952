// Shelves: events and pinned memory of one context epoch that wait to be used again.
//
// A Hard or Full reset gives the context new shelves; what still comes back from before ends on the
// old ones, which nobody asks any more, so that nothing stale is used again. Shared by the context
// and by operations in flight. Any thread; never parks.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace thresher::gpu {

/// Events that have happened.
class EventShelf {
 public:
  void give(EventHandle event) {
    const std::lock_guard guard{lock_};
    free_.push_back(event);
  }
  std::optional<EventHandle> take() {
    const std::lock_guard guard{lock_};
    if (free_.empty()) return std::nullopt;
    const EventHandle event = free_.back();
    free_.pop_back();
    return event;
  }

 private:
  runtime::ShortLock lock_;
  std::vector<EventHandle> free_;
};

/// Pinned host memory by size; at most `kept_bytes_max` are kept.
class PinnedShelf {
 public:
  static constexpr std::uint64_t kept_bytes_max = 64ull << 20;

  void give(std::byte* data, std::uint64_t bytes) {
    const std::lock_guard guard{lock_};
    if (kept_bytes_ + bytes > kept_bytes_max) {
      excess_.push_back(data);
      return;
    }
    kept_bytes_ += bytes;
    free_[bytes].push_back(data);
  }
  /// A block of exactly that size, or null.
  std::byte* take(std::uint64_t bytes) {
    const std::lock_guard guard{lock_};
    const auto at = free_.find(bytes);
    if (at == free_.end() || at->second.empty()) return nullptr;
    std::byte* const data = at->second.back();
    at->second.pop_back();
    kept_bytes_ -= bytes;
    return data;
  }
  /// One block to give back to the driver, or null.
  std::byte* take_excess() {
    const std::lock_guard guard{lock_};
    if (excess_.empty()) return nullptr;
    std::byte* const data = excess_.back();
    excess_.pop_back();
    return data;
  }

 private:
  runtime::ShortLock lock_;
  std::uint64_t kept_bytes_ = 0;
  std::map<std::uint64_t, std::vector<std::byte*>> free_;
  std::vector<std::byte*> excess_;
};

/// A piece of pinned memory; goes back to its shelf when destroyed.
class PinnedBlock {
 public:
  PinnedBlock() noexcept = default;
  PinnedBlock(std::shared_ptr<PinnedShelf> shelf, std::byte* data, std::uint64_t bytes) noexcept
      : shelf_{std::move(shelf)}, data_{data}, bytes_{bytes} {}
  PinnedBlock(PinnedBlock&& other) noexcept
      : shelf_{std::move(other.shelf_)},
        data_{std::exchange(other.data_, nullptr)},
        bytes_{other.bytes_} {}
  PinnedBlock& operator=(PinnedBlock&& other) noexcept {
    if (this != &other) {
      give_back();
      shelf_ = std::move(other.shelf_);
      data_ = std::exchange(other.data_, nullptr);
      bytes_ = other.bytes_;
    }
    return *this;
  }
  ~PinnedBlock() { give_back(); }

  std::byte* data() const noexcept { return data_; }
  std::uint64_t size() const noexcept { return bytes_; }

 private:
  void give_back() noexcept {
    if (data_ != nullptr) shelf_->give(std::exchange(data_, nullptr), bytes_);
  }

  std::shared_ptr<PinnedShelf> shelf_;
  std::byte* data_ = nullptr;
  std::uint64_t bytes_ = 0;
};

}  // namespace thresher::gpu
