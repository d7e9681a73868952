// The scheduler contract over worker threads.
// With one and with several workers' worth of threads the same tests hold in real time.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/runtime/threads/thread_scheduler.h"

#include <thread>

namespace thresher::contract {
namespace {

class ThreadRig final : public SchedulerRig {
 public:
  explicit ThreadRig(std::uint32_t workers) : scheduler_{{.workers = workers}} {}
  runtime::Scheduler& scheduler() override { return scheduler_; }
  void run(runtime::Task body) override {
    scheduler_.spawn({.name = "main"}, std::move(body));
    scheduler_.wait_for_foreground();
    scheduler_.shut_down();
  }
  std::uint64_t abandoned() override { return scheduler_.abandoned_fibers(); }
  bool virtual_time() const override { return false; }
  void block_for(runtime::Duration span) override { std::this_thread::sleep_for(span); }

 private:
  runtime::ThreadScheduler scheduler_;
};

constexpr RigKind threads{
    .name = "threads",
    .make = [](std::uint32_t workers) -> std::unique_ptr<SchedulerRig> {
      return std::make_unique<ThreadRig>(workers);
    }};

}  // namespace

THRESHER_SCHEDULER_CONTRACT(Real, testing::Values(threads));

}  // namespace thresher::contract
