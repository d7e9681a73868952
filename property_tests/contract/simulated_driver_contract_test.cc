// The driver's contract over the simulated driver, bare and wrapped.
//
// Each test runs in a world of its own with one device of the default profile.
#include "thresher/faults/faulty_driver.h"
#include "thresher/property_tests/contract/driver_contract.h"
#include "thresher/sim/device/hashing_driver.h"
#include "thresher/sim/device/simulated_driver.h"
#include "thresher/sim/world.h"

namespace thresher::contract {
namespace {

class SimulatedRig : public DriverRig {
 public:
  SimulatedRig() { machine.add_device(sim::DeviceProfile::standard()); }

  void run(runtime::Task body) override {
    const sim::RunResult result = world.run([this, &body] {
      driver_under_test = wrap(
          std::make_unique<sim::SimulatedDriver>(world.services().scheduler, machine));
      body();
      driver_under_test.reset();
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.label << ": " << result.message;
  }
  gpu::Driver& driver() override { return *driver_under_test; }
  runtime::Scheduler& scheduler() override { return world.services().scheduler; }
  gpu::ModuleImage image() override {
    return {.kind = gpu::ImageKind::host, .bytes = {}, .host = &sim::test_module};
  }

 protected:
  virtual std::unique_ptr<gpu::Driver> wrap(std::unique_ptr<sim::SimulatedDriver> driver) {
    return driver;
  }

  sim::Engine engine;
  sim::SimulatedMachine machine;
  sim::World world{engine, {}};
  std::unique_ptr<gpu::Driver> driver_under_test;
};

/// Within the wrapper that injects an empty plan.
class WrappedRig final : public SimulatedRig {
  std::unique_ptr<gpu::Driver> wrap(std::unique_ptr<sim::SimulatedDriver> driver) override {
    injector = std::make_unique<faults::Injector>(
        faults::Plan{}, faults::InjectorParts{.draw = draw, .log = log},
        faults::Budget::everything(), scheduler().now());
    inner = std::move(driver);
    return std::make_unique<faults::FaultyDriver>(*inner, nullptr, *injector, scheduler());
  }

  struct Log : faults::FaultLog {
    void injected(std::size_t, const faults::Rule&) override { ADD_FAILURE(); }
  } log;
  faults::DullDraw draw;
  std::unique_ptr<faults::Injector> injector;
  std::unique_ptr<sim::SimulatedDriver> inner;
};

/// Within the wrapper that folds calls into the trace hash.
class HashingRig final : public SimulatedRig {
  std::unique_ptr<gpu::Driver> wrap(std::unique_ptr<sim::SimulatedDriver> driver) override {
    inner = std::move(driver);
    return std::make_unique<sim::HashingDriver>(*inner, world);
  }

  std::unique_ptr<sim::SimulatedDriver> inner;
};

template <typename Rig>
std::unique_ptr<DriverRig> make_rig() {
  return std::make_unique<Rig>();
}

INSTANTIATE_TEST_SUITE_P(
    Simulated, DriverContract,
    testing::Values(DriverRigKind{"bare", make_rig<SimulatedRig>},
                    DriverRigKind{"wrapped_with_an_empty_plan", make_rig<WrappedRig>},
                    DriverRigKind{"hashing", make_rig<HashingRig>}),
    driver_rig_name);

}  // namespace
}  // namespace thresher::contract
