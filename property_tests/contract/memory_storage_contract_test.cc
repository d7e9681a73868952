// The contract of GrainStorage over the memory provider, on worker threads and in simulated worlds,
// with and without delays.
#include "thresher/property_tests/contract/grain_storage_contract.h"
#include "thresher/runtime/storage/memory_storage.h"
#include "thresher/runtime/storage/storage_test_support.h"
#include "thresher/sim/world.h"

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

/// A world of its own, in which the delays take no time.
template <std::uint64_t seed>
class WorldRig final : public StorageRig {
 public:
  runtime::GrainStorage& storage() override { return storage_; }
  runtime::Scheduler& scheduler() override { return world_.services().scheduler; }
  void run(runtime::Task body) override {
    const sim::RunResult result = world_.run(std::move(body));
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.message;
  }

 private:
  static constexpr runtime::Duration delay = std::chrono::seconds{1};

  sim::Engine engine_;
  sim::World world_{engine_, {.seed = seed}};
  runtime::MemoryStorage storage_{
      world_.services(), {.read_delay = delay, .write_delay = delay, .clear_delay = delay}};
};

template <std::uint64_t seed>
std::unique_ptr<StorageRig> in_world() {
  return std::make_unique<WorldRig<seed>>();
}

INSTANTIATE_TEST_SUITE_P(Worlds, GrainStorageContract,
                         testing::Values(StorageKind{"seed_1", in_world<1>},
                                         StorageKind{"seed_2", in_world<2>},
                                         StorageKind{"seed_3", in_world<3>}),
                         storage_name);

INSTANTIATE_TEST_SUITE_P(Threads, GrainStorageContract,
                         testing::Values(StorageKind{"memory", at_once},
                                         StorageKind{"memory_with_delays", with_delays}),
                         storage_name);

}  // namespace
}  // namespace thresher::contract
