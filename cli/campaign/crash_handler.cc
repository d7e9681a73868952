// What a worker says when it dies. Everything in the handlers is async-signal-safe, but for
// backtrace(), which is so once its library was loaded (done at installation).
#include "thresher/cli/campaign/crash_handler.h"

#include "thresher/runtime/base/position.h"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <new>
#include <execinfo.h>
#include <ucontext.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

/// The handlers of a process have no other way to learn where to write; set once at installation.
WorkerStatus* status_of_process = nullptr;

constexpr std::size_t handler_stack_bytes = 128 * 1024;
alignas(16) std::array<char, handler_stack_bytes> handler_stack;

void say(std::string_view text) noexcept {
  // Standard error is a memory file; there is nobody to tell if it is full.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
}

void say_stack() noexcept {
  std::array<void*, 48> frames;
  const int depth = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  ::backtrace_symbols_fd(frames.data(), depth, STDERR_FILENO);
}

/// A fault within a page or so of the stack pointer is the guard page below a fiber's stack.
bool is_stack_overflow(int signal, const siginfo_t& info, const void* context) noexcept {
#if defined(__x86_64__)
  if (signal != SIGSEGV && signal != SIGBUS) return false;
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
  const auto pointer = static_cast<std::uint64_t>(machine.gregs[REG_RSP]);
  const auto address = reinterpret_cast<std::uint64_t>(info.si_addr);
  constexpr std::uint64_t reach = 64 * 1024;
  return address < pointer + 4096 && address + reach > pointer;
#else
  (void)signal, (void)info, (void)context;
  return false;
#endif
}

void on_fatal(int signal, siginfo_t* info, void* context) noexcept {
  say("fatal signal ");
  say(signal_name(signal));
  if (is_stack_overflow(signal, *info, context)) {
    status_of_process->cause.store(DeathCause::stack_overflow);
    say(": a fiber ran over the end of its stack");
  }
  say("\n");
  say_stack();
  std::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_stacks_wanted(int) noexcept {
  say("stack of the fiber that runs:\n");
  say_stack();
  runtime::report_position();
  status_of_process->stacks_written.store(true);
}

void on_no_memory() {
  status_of_process->cause.store(DeathCause::memory_limit);
  say("the process holds as much memory as it may\n");
  std::set_new_handler(nullptr);
  ::_exit(1);
}

void handle(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

std::string_view signal_name(int signal) noexcept {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGABRT: return "SIGABRT";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGKILL: return "SIGKILL";
    case SIGTERM: return "SIGTERM";
    case SIGTRAP: return "SIGTRAP";
    case SIGQUIT: return "SIGQUIT";
    case SIGXFSZ: return "SIGXFSZ";
    default: return "an uncommon signal";
  }
}

void install_crash_handler(WorkerStatus& status) {
  status_of_process = &status;
  std::array<void*, 1> frame;
  ::backtrace(frame.data(), 1);  // Loads what backtrace needs while allocating is still allowed.

  stack_t stack{};
  stack.ss_sp = handler_stack.data();
  stack.ss_size = handler_stack.size();
  ::sigaltstack(&stack, nullptr);

  struct sigaction wanted {};
  wanted.sa_handler = on_stacks_wanted;
  wanted.sa_flags = SA_ONSTACK | SA_RESTART;
  ::sigaction(SIGQUIT, &wanted, nullptr);
#ifndef THRESHER_SANITIZED
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL}) handle(signal, on_fatal);
  std::set_new_handler(on_no_memory);
#else
  (void)&handle, (void)&on_fatal, (void)&on_no_memory;
#endif
}

}  // namespace thresher::cli
