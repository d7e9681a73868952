// The one place where a failed assertion ends the process. The reporter is kept per OS thread,
// since a scheduler owns its thread and several may run in one process.
#include "thresher/runtime/base/assert.h"

#include "thresher/runtime/base/position.h"

#include <cstdio>
#include <cstdlib>

namespace thresher::runtime {
namespace {

thread_local AssertionReporter reporter_of_thread = nullptr;
thread_local void* reporter_context = nullptr;

}  // namespace

AssertionReporter set_assertion_reporter(AssertionReporter reporter, void* context) noexcept {
  const AssertionReporter before = reporter_of_thread;
  reporter_of_thread = reporter;
  reporter_context = context;
  return before;
}

void report_position() noexcept {
  if (reporter_of_thread != nullptr) reporter_of_thread(reporter_context);
}

void assertion_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "assertion failed: %s\n  at %s:%d\n", condition, file, line);
  if (const AssertionReporter reporter = reporter_of_thread; reporter != nullptr) {
    reporter_of_thread = nullptr;  // A reporter that asserts must not come back here.
    reporter(reporter_context);
  }
  std::fflush(nullptr);
  std::abort();
}

}  // namespace thresher::runtime
