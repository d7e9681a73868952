// Memory of messages: free lists by size, one pool a worker, so that a call allocates nothing once
// the pool has warmed up. Not thread-safe: belongs to its worker.
#pragma once

#include <array>
#include <cstddef>

namespace thresher::runtime {

class MessagePool {
 public:
  MessagePool() noexcept = default;
  MessagePool(const MessagePool&) = delete;
  MessagePool& operator=(const MessagePool&) = delete;
  ~MessagePool();

  /// A block of at least `size` bytes, aligned for any object.
  void* allocate(std::size_t size);
  /// Requires: `at` came from `allocate` with this `size`.
  void deallocate(void* at, std::size_t size) noexcept;

 private:
  /// Sizes are rounded up to steps of 64 bytes; larger than 1 KiB goes to the heap.
  static constexpr std::size_t step = 64;
  static constexpr std::size_t class_count = 16;
  /// Free blocks kept in each class: bursts beyond that go back to the heap.
  static constexpr std::size_t free_max = 4096;

  struct Block {
    Block* next;
  };
  struct FreeList {
    Block* first = nullptr;
    std::size_t count = 0;
  };
  static std::size_t class_of(std::size_t size) noexcept { return (size + step - 1) / step - 1; }

  std::array<FreeList, class_count> lists_{};
};

}  // namespace thresher::runtime
