// Starting, watching and killing simulated GPU workers. A watching fiber waits for each process, so
// that a worker that dies by itself takes its driver with it at that instant.
#include "thresher/sim/device/simulated_driver_host.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace thresher::sim {

using runtime::Errc;
using runtime::Result;
using runtime::TimePoint;

namespace {

/// The worker's main: is busy starting, says that it is ready, and lives until its parent ends.
int worker_main(runtime::ProcessContext& context) {
  std::int64_t start_ns = 0;
  const std::string& text = context.argument;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), start_ns);
  THRESHER_ASSERT(parsed.ec == std::errc{});
  if (!runtime::sleep_for(context.services.scheduler, runtime::Duration{start_ns})) return 1;
  const std::array ready{std::byte{1}};
  if (!context.parent.send(ready)) return 1;
  while (context.parent.receive(runtime::no_deadline)) {
  }
  return 0;
}

}  // namespace

void register_gpu_worker(World& world) { world.register_program(gpu_worker_program, worker_main); }

SimulatedDriverHost::SimulatedDriverHost(runtime::Services& services,
                                         runtime::Processes& processes, SimulatedMachine& machine,
                                         DriverHostOptions options)
    : services_{services},
      processes_{processes},
      machine_{machine},
      options_{std::move(options)} {
  THRESHER_ASSERT(machine.device_count() > 0);
}

SimulatedDriverHost::~SimulatedDriverHost() {
  for (const auto& worker : workers_) {
    // A watching fiber may hold the worker longer than its wrappers' makers live.
    worker->wrapped.reset();
    worker->driver->end_process();
    static_cast<void>(processes_.kill(worker->process));
  }
}

Result<std::uint32_t> SimulatedDriverHost::device_count() { return machine_.device_count(); }

SimulatedDriverHost::Worker* SimulatedDriverHost::running(gpu::DeviceOrdinal device) noexcept {
  const auto found = std::ranges::find_if(workers_, [&](const auto& worker) {
    return worker->device == device && !worker->driver->ended();
  });
  return found == workers_.end() ? nullptr : found->get();
}

SimulatedDriver* SimulatedDriverHost::driver(gpu::DeviceOrdinal device) noexcept {
  Worker* const worker = running(device);
  return worker == nullptr ? nullptr : worker->driver.get();
}

Result<gpu::DriverProcess> SimulatedDriverHost::start(gpu::DeviceOrdinal device,
                                                      TimePoint deadline) {
  if (device.value >= machine_.device_count()) {
    return runtime::fail(Errc::device_lost, device.value);
  }
  THRESHER_ASSERT(running(device) == nullptr);
  THRESHER_TRY(process, processes_.start({.program = gpu_worker_program,
                                          .argument = std::to_string(options_.start_time.count()),
                                          .worker_count = 1}));
  if (auto ready = await_ready(process, deadline); !ready) {
    static_cast<void>(processes_.kill(process));
    return runtime::Unexpected{ready.error()};
  }
  if (machine_.device(device).health() == DeviceHealth::lost) {
    static_cast<void>(processes_.kill(process));
    return runtime::fail(Errc::device_lost, device.value);
  }
  auto worker = std::make_shared<Worker>();
  worker->device = device;
  worker->incarnation = ++incarnations_[device];
  worker->process = process;
  worker->driver =
      std::make_unique<SimulatedDriver>(services_.scheduler, machine_, options_.driver);
  if (options_.wrap) worker->wrapped = options_.wrap(*worker->driver, device, worker->incarnation);
  workers_.push_back(worker);
  watch(worker);
  gpu::Driver* seen = worker->wrapped ? worker->wrapped.get() : worker->driver.get();
  return gpu::DriverProcess{.driver = seen, .incarnation = worker->incarnation};
}

Result<void> SimulatedDriverHost::await_ready(runtime::ProcessId process, TimePoint deadline) {
  THRESHER_TRY(channel, processes_.channel(process));
  THRESHER_TRY(message, channel->receive(deadline));
  THRESHER_ASSERT(message.size() == 1);
  return {};
}

void SimulatedDriverHost::watch(const std::shared_ptr<Worker>& worker) {
  services_.scheduler.spawn({.name = "gpu.worker-watch", .background = true},
                            [worker, &processes = processes_] {
                              const auto end =
                                  processes.wait(worker->process, runtime::no_deadline);
                              if (end) worker->driver->end_process();
                            });
}

Result<void> SimulatedDriverHost::kill(gpu::DeviceOrdinal device, std::uint64_t incarnation,
                                       TimePoint deadline) {
  const auto found = std::ranges::find_if(workers_, [&](const auto& worker) {
    return worker->device == device && worker->incarnation == incarnation;
  });
  THRESHER_ASSERT(found != workers_.end());
  const std::shared_ptr<Worker> worker = *found;
  if (worker->driver->ended()) return {};
  const std::uint64_t zombies = machine_.device(device).zombie_count();
  static_cast<void>(processes_.kill(worker->process));
  worker->driver->end_process();
  const bool stays = machine_.device(device).zombie_count() > zombies;
  const TimePoint gone =
      runtime::deadline_after(services_.scheduler.now(), options_.teardown_time);
  const bool waits_for_ever = stays && deadline == runtime::no_deadline;
  if (waits_for_ever) return runtime::fail(Errc::timeout, device.value);
  THRESHER_TRY_VOID(
      runtime::sleep_until(services_.scheduler, stays ? deadline : std::min(gone, deadline)));
  if (stays || gone > deadline) return runtime::fail(Errc::timeout, device.value);
  return {};
}

bool SimulatedDriverHost::crash(gpu::DeviceOrdinal device) {
  Worker* const worker = running(device);
  if (worker == nullptr) return false;
  static_cast<void>(processes_.kill(worker->process));
  worker->driver->end_process();
  THRESHER_ASSERT(running(device) == nullptr);
  return true;
}

}  // namespace thresher::sim
