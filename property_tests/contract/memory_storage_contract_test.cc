// The contract of GrainStorage over the memory provider, on worker threads, with and without
// delays.
#include "thresher/property_tests/contract/grain_storage_contract.h"
#include "thresher/runtime/storage/memory_storage.h"
#include "thresher/runtime/storage/storage_test_support.h"

namespace thresher::contract {
namespace {

class MemoryRig final : public StorageRig {
 public:
  explicit MemoryRig(runtime::MemoryStorageOptions options)
      : storage_{host_.services(), options} {}

  runtime::GrainStorage& storage() override { return storage_; }
  runtime::Scheduler& scheduler() override { return host_.services().scheduler; }
  void run(runtime::Task body) override { host_.run(std::move(body)); }

 private:
  runtime::storage_test::ThreadHost host_;
  runtime::MemoryStorage storage_;
};

std::unique_ptr<StorageRig> at_once() {
  return std::make_unique<MemoryRig>(runtime::MemoryStorageOptions{});
}

std::unique_ptr<StorageRig> with_delays() {
  const runtime::Duration delay = std::chrono::microseconds{200};
  return std::make_unique<MemoryRig>(runtime::MemoryStorageOptions{
      .read_delay = delay, .write_delay = delay, .clear_delay = delay});
}

INSTANTIATE_TEST_SUITE_P(Threads, GrainStorageContract,
                         testing::Values(StorageKind{"memory", at_once},
                                         StorageKind{"memory_with_delays", with_delays}),
                         storage_name);

}  // namespace
}  // namespace thresher::contract
