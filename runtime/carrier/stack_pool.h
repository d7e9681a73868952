// Stacks of carriers: cut from large mappings, reused last-in first-out, never given back singly.
//
// Below each stack lies a guard region that faults on touch, as long as fewer than `guarded_max`
// stacks are alive; each guard is a mapping of its own for the kernel, whose count is limited, so
// stacks beyond that have none. Every stack carries a canary word at its low end, which the
// scheduler checks at each switch. Tops and canaries are staggered: stacks whose hot ends lay at
// equal offsets would share the few sets of the first-level cache. One pool an OS thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thresher::runtime {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t stack_bytes_default = 256 * 1024;
#else
inline constexpr std::size_t stack_bytes_default = 64 * 1024;
#endif

/// One stack. `low` is its lowest address, `top` where it begins to grow down from.
struct FiberStack {
  std::byte* low = nullptr;
  std::byte* top = nullptr;
  std::uint64_t* canary = nullptr;
};

class StackPool {
 public:
  /// Requires: `stack_bytes` is a multiple of the page size and at least 16 KiB.
  StackPool(std::size_t stack_bytes, std::uint32_t guarded_max);
  /// Unmaps everything. Requires: nothing runs on a stack of it any more.
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  /// A stack with a fresh canary. Ends the process when the system gives no memory.
  FiberStack take();
  /// Takes it back. Requires: it is of this pool and nothing runs on it.
  void give_back(const FiberStack& stack);

  std::size_t stack_bytes() const noexcept { return stack_bytes_; }
  /// Stacks cut so far, in use or not.
  std::uint32_t made() const noexcept { return made_; }
  /// True when `address` lies in a guard region. Safe in a signal handler of the pool's thread.
  bool is_guard(const void* address) const noexcept;

  static bool canary_alive(const FiberStack& stack) noexcept { return *stack.canary == canary; }

 private:
  static constexpr std::uint64_t canary = 0x5ca1ab1e'0ddba11d;

  struct Chunk {
    std::byte* begin;
    std::size_t bytes;
    bool guarded;
  };
  void add_chunk();

  std::size_t stack_bytes_;
  std::uint32_t guarded_max_;
  std::uint32_t made_ = 0;
  std::vector<Chunk> chunks_;
  std::vector<FiberStack> free_;
};

}  // namespace thresher::runtime
