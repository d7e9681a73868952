// The driver's contract over the simulated driver, bare and wrapped.
//
// Each test runs in a world of its own with one device of the default profile.
#include "thresher/property_tests/contract/driver_contract.h"
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

INSTANTIATE_TEST_SUITE_P(
    Simulated, DriverContract,
    testing::Values(DriverRigKind{"simulated",
                                  []() -> std::unique_ptr<DriverRig> {
                                    return std::make_unique<SimulatedRig>();
                                  }}),
    driver_rig_name);

}  // namespace
}  // namespace thresher::contract
