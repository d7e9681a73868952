// Tells the sanitizers about switches of stacks; nothing in other builds.
//
// AddressSanitizer must know whose stack is live to unpoison the right one when an exception
// leaves a frame; ThreadSanitizer must know that one OS thread runs several stacks.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace thresher::runtime::sanitizer {

/// The bounds of a stack.
struct Bounds {
  const void* low = nullptr;
  std::size_t bytes = 0;
};

/// Has AddressSanitizer forget what it knows of this memory: functions that never return (those
/// below an ended or abandoned fiber) leave the marks of their variables on its stack.
inline void forget([[maybe_unused]] Bounds memory) noexcept {
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(memory.low, memory.bytes);
#endif
}

/// What a fiber needs before it is first switched to.
inline void* make_fiber() noexcept {
#if defined(__SANITIZE_THREAD__)
  return __tsan_create_fiber(0);
#else
  return nullptr;
#endif
}

inline void* main_fiber() noexcept {
#if defined(__SANITIZE_THREAD__)
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

inline void destroy_fiber([[maybe_unused]] void* fiber) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_destroy_fiber(fiber);
#endif
}

/// Has ThreadSanitizer take what follows for code of `fiber`, with no switch of stacks.
inline void impersonate([[maybe_unused]] void* fiber) noexcept {
#if defined(__SANITIZE_THREAD__)
  __tsan_switch_to_fiber(fiber, 0);
#endif
}

/// Just before a switch. `from` is the leaving fiber's word, null when it leaves for good: then
/// ThreadSanitizer is told on arrival, since the functions that still return on the old stack
/// would be taken off the new one's list of calls.
inline void leave([[maybe_unused]] void** from, [[maybe_unused]] void* to,
                  [[maybe_unused]] Bounds bounds) noexcept {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(from, bounds.low, bounds.bytes);
#endif
#if defined(__SANITIZE_THREAD__)
  if (from != nullptr) __tsan_switch_to_fiber(to, 0);
#endif
}

/// Just after a switch, on the entering stack. `previous` receives the bounds of the stack that
/// was left.
inline void arrive([[maybe_unused]] void* mine, [[maybe_unused]] Bounds* previous) noexcept {
#if defined(__SANITIZE_ADDRESS__)
  const void* low = nullptr;
  std::size_t bytes = 0;
  __sanitizer_finish_switch_fiber(mine, &low, &bytes);
  if (previous != nullptr) *previous = Bounds{low, bytes};
#endif
#if defined(__SANITIZE_THREAD__)
  if (mine != nullptr && __tsan_get_current_fiber() != mine) __tsan_switch_to_fiber(mine, 0);
#endif
}

}  // namespace thresher::runtime::sanitizer
