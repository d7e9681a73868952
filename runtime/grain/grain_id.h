// The identity of a grain: its type and its key, as one small value.
//
// Text form `type/key`, UTF-8 bytes; equality is byte equality. The hash is stable: the same on
// every machine, build and run, so that it may decide places. A GrainId is one pointer to an
// immutable block that its copies share (a reference count that is safe across workers), since ids
// travel with every message. Follows Orleans' GrainId; which kind of key an interface takes is a
// property of the interface (grain_key.h).
#pragma once

#include "thresher/runtime/base/error.h"

#include <atomic>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace thresher::runtime {

class GrainId {
 public:
  /// No grain; only for places that are filled later.
  GrainId() noexcept = default;
  /// Requires: `type` is a valid type name (see `is_type_name`).
  GrainId(std::string_view type, std::string_view key);
  GrainId(const GrainId& other) noexcept : block_{other.block_} { acquire(); }
  GrainId(GrainId&& other) noexcept : block_{std::exchange(other.block_, nullptr)} {}
  GrainId& operator=(GrainId other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~GrainId() { release(); }

  /// Reads `type/key`; the key may hold further slashes. Errors: invalid_argument.
  static Result<GrainId> parse(std::string_view text);
  /// Type names are not empty and hold no slash.
  static bool is_type_name(std::string_view type) noexcept;

  bool empty() const noexcept { return block_ == nullptr; }
  std::string_view type() const noexcept { return text().substr(0, type_length()); }
  std::string_view key() const noexcept;
  /// `type/key`; lives as long as any copy of this id. Zero-terminated.
  std::string_view text() const noexcept;
  /// The stable hash; 0 for no grain.
  std::uint64_t hash() const noexcept { return block_ != nullptr ? block_->hash : 0; }

  friend bool operator==(const GrainId& a, const GrainId& b) noexcept {
    return a.block_ == b.block_ || (a.hash() == b.hash() && a.text() == b.text());
  }
  /// The order of the text, for containers that are iterated.
  friend std::strong_ordering operator<=>(const GrainId& a, const GrainId& b) noexcept {
    return a.text() <=> b.text();
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references;
    std::uint32_t type_length;
    std::uint64_t hash;
    std::uint32_t length;
    // The text and a zero follow.
    char* text() noexcept { return reinterpret_cast<char*>(this + 1); }
  };

  std::size_t type_length() const noexcept { return block_ != nullptr ? block_->type_length : 0; }
  void acquire() const noexcept {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;

  Block* block_ = nullptr;
};

}  // namespace thresher::runtime
