// The devices of one machine. Time is read under the lock, so that it never goes back for a
// device although several threads call.
#include "thresher/sim/device/simulated_machine.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <utility>

namespace thresher::sim {

SimulatedDevice& SimulatedMachine::add_device(DeviceProfile profile) {
  THRESHER_ASSERT(processes_ == 0);
  const gpu::DeviceOrdinal ordinal{device_count()};
  devices_.push_back(std::make_unique<SimulatedDevice>(ordinal, std::move(profile)));
  devices_.back()->set_tap(tap_);
  return *devices_.back();
}

void SimulatedMachine::set_tap(CopyTap* tap) noexcept {
  tap_ = tap;
  for (const auto& device : devices_) device->set_tap(tap);
}

SimulatedDevice& SimulatedMachine::device(gpu::DeviceOrdinal ordinal) {
  THRESHER_ASSERT(ordinal.value < devices_.size());
  return *devices_[ordinal.value];
}

void SimulatedMachine::advance(runtime::TimePoint now) {
  THRESHER_ASSERT(now >= now_);
  now_ = now;
  for (const auto& device : devices_) device->timeline().advance(now);
}

runtime::TimePoint SimulatedMachine::next_end() const noexcept {
  runtime::TimePoint next = runtime::no_deadline;
  for (const auto& device : devices_) next = std::min(next, device->timeline().next_end());
  return next;
}

void SimulatedMachine::end_process(DriverProcessId process, runtime::TimePoint now) {
  THRESHER_ASSERT(process.value <= processes_);
  advance(now);
  for (const auto& device : devices_) device->remove_process(process);
}

}  // namespace thresher::sim
