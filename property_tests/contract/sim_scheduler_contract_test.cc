// The scheduler contract over the simulated scheduler, in virtual time.
// Several strategies and seeds: what the contract promises holds in every interleaving.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/sim/world.h"

namespace thresher::contract {
namespace {

using Strategy = sim::StrategySpec::Kind;

class SimRig final : public SchedulerRig {
 public:
  explicit SimRig(sim::WorldOptions options) : world_{engine_, std::move(options)} {}
  runtime::Scheduler& scheduler() override { return world_.services().scheduler; }
  void run(runtime::Task body) override {
    result_ = world_.run(std::move(body));
    EXPECT_EQ(result_.verdict, sim::Verdict::survived) << result_.message;
  }
  std::uint64_t abandoned() override { return result_.fibers_abandoned; }
  bool virtual_time() const override { return true; }
  void block_for(runtime::Duration span) override {
    EXPECT_TRUE(runtime::sleep_for(scheduler(), span));
  }

 private:
  sim::Engine engine_;
  sim::World world_;
  sim::RunResult result_;
};

template <Strategy kind, std::uint64_t seed>
std::unique_ptr<SchedulerRig> make(std::uint32_t workers) {
  sim::WorldOptions options;
  options.seed = seed;
  options.workers = workers;
  options.strategy.kind = kind;
  if (kind == Strategy::pct) {
    options.strategy.depth = 3;
    options.strategy.length = 1000;
  }
  return std::make_unique<SimRig>(std::move(options));
}

}  // namespace

THRESHER_SCHEDULER_CONTRACT(
    Simulated,
    testing::Values(RigKind{.name = "random_1", .make = make<Strategy::random, 1>},
                    RigKind{.name = "random_2", .make = make<Strategy::random, 2>},
                    RigKind{.name = "random_3", .make = make<Strategy::random, 3>},
                    RigKind{.name = "random_4", .make = make<Strategy::random, 4>},
                    RigKind{.name = "pct_1", .make = make<Strategy::pct, 1>},
                    RigKind{.name = "pct_2", .make = make<Strategy::pct, 2>}));

}  // namespace thresher::contract
