// Cutting stacks from mappings. A chunk holds a few dozen, so that a short program maps little and
// the limit that a campaign sets on address space is spent on what is used.
#include "thresher/runtime/carrier/stack_pool.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/carrier/sanitizer_switch.h"

#include <sys/mman.h>
#include <cstdio>
#include <cstdlib>

namespace thresher::runtime {
namespace {

// Four pages: a frame that skips one page without touching it still faults.
constexpr std::size_t guard_bytes = 16 * 1024;
constexpr std::uint32_t stacks_per_chunk = 32;

[[noreturn]] void out_of_memory(const char* what) {
  std::perror(what);
  std::fputs("no memory for fiber stacks: raise the limit on address space or mappings\n", stderr);
  std::_Exit(7);
}

}  // namespace

StackPool::StackPool(std::size_t stack_bytes, std::uint32_t guarded_max)
    : stack_bytes_{stack_bytes}, guarded_max_{guarded_max} {
  THRESHER_ASSERT(stack_bytes >= 16 * 1024);
  THRESHER_ASSERT(stack_bytes % 4096 == 0);
}

StackPool::~StackPool() {
  for (const Chunk& chunk : chunks_) {
    sanitizer::forget({chunk.begin, chunk.bytes});
    munmap(chunk.begin, chunk.bytes);
  }
}

void StackPool::add_chunk() {
  const bool guarded = made_ + stacks_per_chunk <= guarded_max_;
  const std::size_t slot_bytes = stack_bytes_ + (guarded ? guard_bytes : 0);
  const std::size_t bytes = slot_bytes * stacks_per_chunk;
  void* const begin = mmap(nullptr, bytes, guarded ? PROT_NONE : PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) out_of_memory("mmap");
  chunks_.push_back({static_cast<std::byte*>(begin), bytes, guarded});
  // In reverse, so that the free list gives the lowest first.
  for (std::uint32_t i = stacks_per_chunk; i-- > 0;) {
    FiberStack stack;
    stack.low = static_cast<std::byte*>(begin) + i * slot_bytes + (guarded ? guard_bytes : 0);
    if (guarded && mprotect(stack.low, stack_bytes_, PROT_READ | PROT_WRITE) != 0) {
      out_of_memory("mprotect");
    }
    stack.top = stack.low + stack_bytes_ - ((made_ + i) % 8) * 512;
    stack.canary = reinterpret_cast<std::uint64_t*>(stack.low + ((made_ + i) % 32) * 64);
    free_.push_back(stack);
  }
  made_ += stacks_per_chunk;
}

FiberStack StackPool::take() {
  if (free_.empty()) add_chunk();
  const FiberStack stack = free_.back();
  free_.pop_back();
  sanitizer::forget({stack.low, stack_bytes_});
  *stack.canary = canary;
  return stack;
}

void StackPool::give_back(const FiberStack& stack) {
  THRESHER_ASSERT(canary_alive(stack));
  free_.push_back(stack);
}

bool StackPool::is_guard(const void* address) const noexcept {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const Chunk& chunk : chunks_) {
    if (at < chunk.begin || at >= chunk.begin + chunk.bytes || !chunk.guarded) continue;
    const auto offset = static_cast<std::size_t>(at - chunk.begin);
    return offset % (stack_bytes_ + guard_bytes) < guard_bytes;
  }
  return false;
}

}  // namespace thresher::runtime
