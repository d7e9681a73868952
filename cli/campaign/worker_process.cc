// A worker process from the outside. Between fork and exec only calls that are safe there; the
// parent has one thread.
#include "thresher/cli/campaign/worker_process.h"

#include "thresher/cli/campaign/crash_handler.h"
#include "thresher/runtime/base/assert.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fstream>
#include <string_view>
#include <vector>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

constexpr int first_fd_of_nobody = 5;
constexpr std::size_t output_bytes_max = 64 * 1024;

/// The child's side of the descriptors it needs.
struct ChildEnds {
  int channel;
  int status;
  int output;
};

/// Puts the ends where a worker looks for them and closes everything else. In the child.
void arrange_descriptors(const ChildEnds& ends) {
  // First out of the way of each other, then into place.
  const int channel = ::fcntl(ends.channel, F_DUPFD, 16);
  const int status = ::fcntl(ends.status, F_DUPFD, 16);
  const int output = ::fcntl(ends.output, F_DUPFD, 16);
  ::dup2(channel, worker_channel_fd);
  ::dup2(status, worker_status_fd);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing >= 0) ::dup2(nothing, STDIN_FILENO);
  ::close_range(first_fd_of_nobody, ~0u, 0);
}

void detach_from_terminal(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(exit_harness);  // It was gone before we asked.
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGTERM, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
}

/// Replaces the child by a fresh process that differs in everything a run must not depend on.
[[noreturn]] void become_twin(const WorkerRecipe& recipe, std::uint64_t generation) {
  ::setenv("MALLOC_PERTURB_", "165", 1);
  const char* const asan = std::getenv("ASAN_OPTIONS");
  std::string fill{asan == nullptr ? "" : asan};
  fill += ":max_malloc_fill_size=1048576:malloc_fill_byte=165";
  ::setenv("ASAN_OPTIONS", fill.c_str(), 1);
  const std::string padding(4096 + 1031 * (generation % 8), 'p');
  ::setenv("THRESHER_PADDING", padding.c_str(), 1);
  // Where the kernel refuses, the fresh process still gets a base of its own.
  if (generation % 2 == 0) ::personality(ADDR_NO_RANDOMIZE);
  const std::string memory = std::to_string(recipe.limits.memory_bytes);
  std::array<std::string, 3> words{"thresher", "worker", memory};
  std::array<char*, 4> argv{words[0].data(), words[1].data(), words[2].data(), nullptr};
  ::execv(recipe.program.c_str(), argv.data());
  ::_exit(exit_harness);
}

[[noreturn]] void be_worker(const WorkerRecipe& recipe, WorkerKind kind, std::uint64_t generation,
                            const ChildEnds& ends, pid_t parent) {
  detach_from_terminal(parent);
  arrange_descriptors(ends);
  if (kind == WorkerKind::twin && !recipe.program.empty()) become_twin(recipe, generation);
  if (kind == WorkerKind::twin) ::mallopt(M_PERTURB, 165);
  // No destructors and no flushing of what the parent had in its buffers.
  ::_exit(serve_tasks(recipe.scenarios, recipe.limits));
}

std::string first_lines(std::string_view text, std::size_t lines_max) {
  std::size_t end = 0;
  for (std::size_t lines = 0; lines < lines_max && end < text.size(); ++lines) {
    end = std::min(text.find('\n', end), text.size() - 1) + 1;
  }
  return std::string{text.substr(0, end)};
}

/// "assertion at FILE:LINE" when the output holds a failed assertion, else "".
std::string assertion_label(std::string_view output) {
  const std::size_t failed = output.find("assertion failed: ");
  if (failed == output.npos) return "";
  const std::size_t at = output.find("\n  at ", failed);
  if (at == output.npos) return "assertion";
  const std::size_t from = at + 6;
  return "assertion at " + std::string{output.substr(from, output.find('\n', from) - from)};
}

/// The runtime's own handler knows which fiber ran over its guard page.
bool told_of_overflow(std::string_view output) {
  return output.find("stack overflow in fiber ") != output.npos;
}

/// "asan.heap-use-after-free" when a sanitizer ended the process, else "".
std::string sanitizer_label(std::string_view output) {
  constexpr std::string_view mark = "ERROR: AddressSanitizer: ";
  const std::size_t at = output.find(mark);
  if (at == output.npos) return output.find(": runtime error: ") == output.npos ? "" : "ubsan";
  const std::string_view word = output.substr(at + mark.size());
  const std::string name{word.substr(0, word.find_first_of(" \n:"))};
  return name == "stack-overflow" ? "crash.stack_overflow" : "asan." + name;
}

std::string death_label(const Death& death) {
  if (death.hung) return "hang";
  if (death.over_memory || death.cause == DeathCause::memory_limit) return "memory.limit";
  if (death.cause == DeathCause::stack_overflow || told_of_overflow(death.output)) {
    return "crash.stack_overflow";
  }
  if (std::string label = assertion_label(death.output); !label.empty()) return label;
  if (std::string label = sanitizer_label(death.output); !label.empty()) return label;
  if (WIFSIGNALED(death.wait_status)) {
    return "crash." + std::string{signal_name(WTERMSIG(death.wait_status))};
  }
  return "crash.exit_" + std::to_string(WEXITSTATUS(death.wait_status));
}

std::string death_words(const Death& death) {
  if (death.hung) return "the run passed its wall-clock limit: some turn never yields";
  if (death.over_memory || death.cause == DeathCause::memory_limit) {
    return "the process of the run held more memory than it may (--memory)";
  }
  if (told_of_overflow(death.output)) return "a fiber ran over the end of its stack";
  if (WIFSIGNALED(death.wait_status)) {
    return "the process of the run died of " +
           std::string{signal_name(WTERMSIG(death.wait_status))};
  }
  return "the process of the run ended with exit code " +
         std::to_string(WEXITSTATUS(death.wait_status));
}

}  // namespace

bool Death::killed_from_outside() const noexcept {
  return !hung && !over_memory && WIFSIGNALED(wait_status) &&
         (WTERMSIG(wait_status) == SIGKILL || WTERMSIG(wait_status) == SIGTERM);
}

sim::RunResult result_of(const Death& death) {
  sim::RunResult result;
  result.verdict = sim::Verdict::crash;
  result.label = death_label(death);
  result.message = death_words(death);
  if (!death.output.empty()) result.message += "\n" + first_lines(death.output, 40);
  return result;
}

WorkerProcess::WorkerProcess(pid_t pid, Channel channel, Descriptor output, WorkerStatus* status)
    : pid_{pid}, channel_{std::move(channel)}, output_{std::move(output)}, status_{status} {
  THRESHER_ASSERT(pid_ > 0);
}

Parsed<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const WorkerRecipe& recipe,
                                                            WorkerKind kind,
                                                            std::uint64_t generation) {
  const auto fail = [](std::string_view what) {
    return broken("cannot start a worker process: " + std::string{what} + ": " +
                  std::strerror(errno) + "; lower --jobs or free resources");
  };
  std::array<int, 2> pair{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) return fail("socket");
  Channel ours{Descriptor{pair[0]}};
  Descriptor theirs{pair[1]};
  Descriptor page{::memfd_create("thresher-worker-status", MFD_CLOEXEC)};
  Descriptor output{::memfd_create("thresher-worker-output", MFD_CLOEXEC)};
  if (!page.valid() || !output.valid()) return fail("memory file");
  ::fcntl(output.get(), F_SETFL, O_APPEND);
  if (::ftruncate(page.get(), sizeof(WorkerStatus)) != 0) return fail("memory file");
  void* const mapped = ::mmap(nullptr, sizeof(WorkerStatus), PROT_READ | PROT_WRITE, MAP_SHARED,
                              page.get(), 0);
  if (mapped == MAP_FAILED) return fail("memory file");
  auto* const status = new (mapped) WorkerStatus;

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    ::munmap(mapped, sizeof(WorkerStatus));
    return fail("fork");
  }
  if (pid == 0) {
    be_worker(recipe, kind, generation, {theirs.get(), page.get(), output.get()}, parent);
  }
  return std::unique_ptr<WorkerProcess>{
      new WorkerProcess{pid, std::move(ours), std::move(output), status}};
}

WorkerProcess::~WorkerProcess() {
  if (!reaped_) {
    kill();
    reap();
  }
  ::munmap(status_, sizeof(WorkerStatus));
}

std::uint64_t WorkerProcess::resident_bytes() const {
  std::ifstream file{"/proc/" + std::to_string(pid_) + "/statm"};
  std::uint64_t whole = 0;
  std::uint64_t resident = 0;
  file >> whole >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void WorkerProcess::begin_task() {
  status_->position.store(0);
  [[maybe_unused]] const int done = ::ftruncate(output_.get(), 0);
}

std::string WorkerProcess::output() const {
  std::string text(output_bytes_max, '\0');
  const ssize_t got = ::pread(output_.get(), text.data(), text.size(), 0);
  text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return text;
}

void WorkerProcess::kill_with_stacks() {
  ::kill(pid_, SIGQUIT);
  const timespec pause{0, 10'000'000};
  for (int i = 0; i < 100 && !status_->stacks_written.load(); ++i) ::nanosleep(&pause, nullptr);
  kill();
}

void WorkerProcess::kill() { ::kill(pid_, SIGKILL); }

Death WorkerProcess::reap() {
  THRESHER_ASSERT(!reaped_);
  Death death;
  while (::waitpid(pid_, &death.wait_status, 0) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  death.cause = status_->cause.load();
  death.output = output();
  return death;
}

}  // namespace thresher::cli
