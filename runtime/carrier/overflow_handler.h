// Tells the overflow of a fiber's stack from other faults, and says so before the process ends.
//
// One an OS thread, which it gives an alternate signal stack; the process-wide handler of
// SIGSEGV is installed once and passes on what is no guard page. A stack overflow ends the
// process with exit code 4 (the verdict "crash"). Everything called in the handler is safe in
// one.
#pragma once

#include "thresher/runtime/carrier/stack_pool.h"

#include <csignal>
#include <cstddef>
#include <memory>

namespace thresher::runtime {

class OverflowHandler {
 public:
  /// Gives the name of the fiber that runs now, in a signal handler.
  using Namer = const char* (*)(const void* context) noexcept;

  /// Watches the guard pages of `stacks` on this thread. Requires: made and destroyed on one
  /// thread, in the order of a stack; `stacks` and `context` outlive it.
  OverflowHandler(const StackPool& stacks, Namer namer, const void* context);
  ~OverflowHandler();
  OverflowHandler(const OverflowHandler&) = delete;
  OverflowHandler& operator=(const OverflowHandler&) = delete;

  /// Prints which fiber overflowed its stack and ends the process with exit code 4.
  [[noreturn]] static void report(const char* fiber) noexcept;

 private:
  static void on_fault(int number, siginfo_t* information, void* context) noexcept;
  static void install() noexcept;

  const StackPool& stacks_;
  Namer namer_;
  const void* context_;
  OverflowHandler* before_;
  std::unique_ptr<std::byte[]> alternate_;
};

}  // namespace thresher::runtime
