// The string map that flows with calls from caller to callee.
//
// Copy-on-write: copies share one immutable block until one of them writes, so that what a callee
// sets never flows back, and passing it on costs a counter. Timer ticks start with an empty one.
// Keys are ordered, so that iterating is the same in every run. Follows Orleans' RequestContext.
#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thresher::runtime {

class RequestContext {
 public:
  using Entry = std::pair<std::string, std::string>;

  RequestContext() noexcept = default;
  RequestContext(const RequestContext& other) noexcept : block_{other.block_} {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  RequestContext(RequestContext&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
  RequestContext& operator=(RequestContext other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~RequestContext() { release(); }

  /// The value of `key`, or null; valid until this context is written or destroyed.
  const std::string* find(std::string_view key) const noexcept;
  void set(std::string_view key, std::string value);
  /// True when there was one.
  bool erase(std::string_view key);
  void clear() noexcept { release(); }
  bool empty() const noexcept { return block_ == nullptr || block_->entries.empty(); }
  /// All entries in order of their keys.
  const std::vector<Entry>& entries() const noexcept;

  friend bool operator==(const RequestContext& a, const RequestContext& b) noexcept {
    return a.entries() == b.entries();
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references{1};
    std::vector<Entry> entries;
  };
  Block& own();
  void release() noexcept;

  Block* block_ = nullptr;
};

}  // namespace thresher::runtime
