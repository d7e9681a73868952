// Bytes as a value, and a growing buffer whose small messages stay on the stack. Both belong to
// whoever holds them: no sharing, no locks.
#pragma once

#include "thresher/runtime/base/assert.h"

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

namespace thresher::runtime {

/// A run of bytes, owned.
using Bytes = std::vector<std::byte>;

/// Appends bytes; the first 256 need no allocation. Neither copied nor moved: it is a local.
class ByteWriter {
 public:
  static constexpr std::size_t inline_bytes = 256;

  ByteWriter() noexcept : begin_{inline_}, end_{begin_}, limit_{begin_ + inline_bytes} {}
  ByteWriter(const ByteWriter&) = delete;
  ByteWriter& operator=(const ByteWriter&) = delete;

  /// Room for `count` bytes at the end; `commit` says how many of them were written.
  std::byte* reserve(std::size_t count) {
    if (count > room()) grow(count);
    return end_;
  }
  /// Requires: `count` bytes were reserved.
  void commit(std::size_t count) noexcept {
    THRESHER_ASSERT(count <= room());
    end_ += count;
  }
  void append(const void* data, std::size_t count) {
    if (count == 0) return;
    std::memcpy(reserve(count), data, count);
    end_ += count;
  }
  void append(std::byte one) {
    *reserve(1) = one;
    ++end_;
  }

  std::size_t size() const noexcept { return static_cast<std::size_t>(end_ - begin_); }
  /// What was written; valid until the next write.
  std::span<const std::byte> bytes() const noexcept { return {begin_, size()}; }
  /// A copy of what was written.
  Bytes copy() const { return Bytes(begin_, end_); }

 private:
  std::size_t room() const noexcept { return static_cast<std::size_t>(limit_ - end_); }
  void grow(std::size_t count);

  std::byte inline_[inline_bytes];  // Not cleared: only what was written is ever read.
  std::unique_ptr<std::byte[]> heap_;
  std::byte* begin_;
  std::byte* end_;
  std::byte* limit_;
};

}  // namespace thresher::runtime
