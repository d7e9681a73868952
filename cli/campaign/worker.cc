// A worker process from the inside. The loop is receive, perform, send; a crash in between is the
// parent's to notice.
#include "thresher/cli/campaign/worker.h"

#include "thresher/cli/campaign/channel.h"
#include "thresher/cli/campaign/crash_handler.h"
#include "thresher/cli/campaign/wire.h"
#include "thresher/cli/problem.h"

#include <nlohmann/json.hpp>

#include <new>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace thresher::cli {

namespace {

#ifdef THRESHER_SANITIZED
constexpr bool limits_memory = false;
#else
constexpr bool limits_memory = true;
#endif

void limit_memory(std::uint64_t bytes) {
  if (!limits_memory || bytes == 0) return;
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_DATA, &limit);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
}

WorkerStatus* map_status() {
  void* const page = ::mmap(nullptr, sizeof(WorkerStatus), PROT_READ | PROT_WRITE, MAP_SHARED,
                            worker_status_fd, 0);
  return page == MAP_FAILED ? nullptr : static_cast<WorkerStatus*>(page);
}

}  // namespace

int serve_tasks(Scenarios scenarios, const WorkerLimits& limits) {
  WorkerStatus* const status = map_status();
  if (status == nullptr) return exit_harness;
  install_crash_handler(*status);
  limit_memory(limits.memory_bytes);
  Channel channel{Descriptor{worker_channel_fd}};
  Executor executor{scenarios};
  while (const auto message = channel.receive()) {
    const auto task = task_from(Json::parse(*message, nullptr, false));
    if (!task) return exit_harness;
    const Answer answer = executor.perform(*task, [status](std::size_t i) {
      status->position.store(i, std::memory_order_relaxed);
      status->runs_started.fetch_add(1, std::memory_order_release);
    });
    const std::string text =
        to_json(answer).dump(-1, ' ', false, Json::error_handler_t::replace);
    if (!channel.send(text)) break;
  }
  return 0;
}

}  // namespace thresher::cli
