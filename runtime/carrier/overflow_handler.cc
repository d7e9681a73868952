// The handler of SIGSEGV. It finds the thread's own handler object through a thread-local,
// which is the only way for a signal handler to know whose stack it looks at.
#include "thresher/runtime/carrier/overflow_handler.h"

#include "thresher/runtime/base/assert.h"

#include <unistd.h>
#include <cstring>

namespace thresher::runtime {
namespace {

constexpr std::size_t alternate_bytes = 64 * 1024;
constexpr int exit_code_crash = 4;

thread_local OverflowHandler* handler_of_thread = nullptr;
struct sigaction action_before;

void write_text(const char* text) noexcept {
  // Nothing can be done about a failing write here.
  const auto written = write(STDERR_FILENO, text, std::strlen(text));
  static_cast<void>(written);
}

}  // namespace

OverflowHandler::OverflowHandler(const StackPool& stacks, Namer namer, const void* context)
    : stacks_{stacks}, namer_{namer}, context_{context}, before_{handler_of_thread} {
  THRESHER_ASSERT(namer != nullptr);
  stack_t current{};
  sigaltstack(nullptr, &current);
  if ((current.ss_flags & SS_DISABLE) != 0) {
    alternate_ = std::make_unique<std::byte[]>(alternate_bytes);
    stack_t mine{};
    mine.ss_sp = alternate_.get();
    mine.ss_size = alternate_bytes;
    sigaltstack(&mine, nullptr);
  }
  static const bool installed = (install(), true);
  static_cast<void>(installed);
  handler_of_thread = this;
}

OverflowHandler::~OverflowHandler() {
  THRESHER_ASSERT(handler_of_thread == this);
  handler_of_thread = before_;
  if (alternate_ != nullptr) {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
  }
}

void OverflowHandler::install() noexcept {
  struct sigaction action {};
  action.sa_sigaction = &OverflowHandler::on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  sigaction(SIGSEGV, &action, &action_before);
}

void OverflowHandler::on_fault(int, siginfo_t* information, void*) noexcept {
  const OverflowHandler* const handler = handler_of_thread;
  if (handler != nullptr && handler->stacks_.is_guard(information->si_addr)) {
    report(handler->namer_(handler->context_));
  }
  // Somebody else's fault: it happens again at once, and whoever was here before us gets it.
  sigaction(SIGSEGV, &action_before, nullptr);
}

void OverflowHandler::report(const char* fiber) noexcept {
  write_text("stack overflow in fiber '");
  write_text(fiber != nullptr ? fiber : "?");
  write_text("': it needs more stack than a fiber has\n");
  _exit(exit_code_crash);
}

}  // namespace thresher::runtime
