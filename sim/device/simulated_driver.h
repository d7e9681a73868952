// The CUDA driver of one simulated process: gpu::Driver over a SimulatedMachine.
//
// Models time: calls cost host time (Scheduler::spend), work is asynchronous and runs on the
// device's engines, errors surface at the later call at which the real driver reports them, sticky
// ones stay by `sticky_scope`, handles die as documented, and what blocks while a kernel is stuck
// blocks (see docs/fault-model.md for the table). Needs nothing of the simulated world but a
// runtime::Scheduler, so that it also runs in a real worker process.
//
// Destroying it is the end of the process that holds it: the devices take back what it had.
// Left out: peer access, graphs, memory pools, unified memory; PTX and cubin images answer
// not_supported until sim/ptx takes them (load_image in module_image.h is the place).
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/sim/device/driver_options.h"
#include "thresher/sim/device/simulated_machine.h"

#include <memory>
#include <optional>

namespace thresher::sim {

class DriverCore;
class CallEntry;

class SimulatedDriver final : public gpu::Driver {
 public:
  /// `scheduler` and `machine` outlive the driver and its fibers.
  SimulatedDriver(runtime::Scheduler& scheduler, SimulatedMachine& machine,
                  const DriverOptions& options = {});
  ~SimulatedDriver() override;

  /// The process dies: what it had on the devices is free, every call in it or to come answers
  /// process_gone, every open notice is completed with process_gone before this returns.
  void end_process();
  bool ended() const noexcept;
  /// What goes wrong with the next kernel or copy that the calling fiber submits here.
  void arm(const WorkFault& fault);
  /// Takes back what `arm` set, when the call that it was for submitted nothing.
  void disarm();
  /// Context `context` is lost with `status` although it did nothing wrong. False when it is gone.
  bool lose_context(gpu::ContextHandle context, gpu::Status status);
  SimulatedMachine& machine() noexcept;

  gpu::Answer<std::uint32_t> device_count() override;
  gpu::Answer<gpu::DeviceProperties> device_properties(gpu::DeviceOrdinal device) override;

  gpu::Answer<gpu::ContextHandle> context_create(gpu::DeviceOrdinal device) override;
  gpu::Status context_destroy(gpu::ContextHandle context) override;
  gpu::Answer<gpu::ContextHandle> primary_context_retain(gpu::DeviceOrdinal device) override;
  gpu::Status primary_context_release(gpu::DeviceOrdinal device) override;
  gpu::Status primary_context_reset(gpu::DeviceOrdinal device) override;
  gpu::Status context_synchronize(gpu::ContextHandle context) override;

  gpu::Answer<gpu::MemoryInfo> memory_info(gpu::ContextHandle context) override;
  gpu::Answer<gpu::DevicePointer> memory_allocate(gpu::ContextHandle context,
                                                  std::uint64_t bytes) override;
  gpu::Status memory_free(gpu::ContextHandle context, gpu::DevicePointer pointer) override;
  gpu::Answer<std::byte*> host_allocate(gpu::ContextHandle context, std::uint64_t bytes) override;
  gpu::Status host_free(gpu::ContextHandle context, std::byte* pointer) override;
  gpu::Status copy_to_device(gpu::ContextHandle context, gpu::DevicePointer to,
                             std::span<const std::byte> from, gpu::StreamHandle stream) override;
  gpu::Status copy_to_host(gpu::ContextHandle context, std::span<std::byte> to,
                           gpu::DevicePointer from, gpu::StreamHandle stream) override;
  gpu::Status copy_on_device(gpu::ContextHandle context, gpu::DevicePointer to,
                             gpu::DevicePointer from, std::uint64_t bytes,
                             gpu::StreamHandle stream) override;
  gpu::Status memory_set(gpu::ContextHandle context, gpu::DevicePointer to, std::byte value,
                         std::uint64_t bytes, gpu::StreamHandle stream) override;

  gpu::Answer<gpu::StreamHandle> stream_create(gpu::ContextHandle context) override;
  gpu::Status stream_destroy(gpu::ContextHandle context, gpu::StreamHandle stream) override;
  gpu::Status stream_query(gpu::ContextHandle context, gpu::StreamHandle stream) override;
  gpu::Status stream_synchronize(gpu::ContextHandle context, gpu::StreamHandle stream) override;
  gpu::Status stream_wait_event(gpu::ContextHandle context, gpu::StreamHandle stream,
                                gpu::EventHandle event) override;

  gpu::Answer<gpu::EventHandle> event_create(gpu::ContextHandle context) override;
  gpu::Status event_destroy(gpu::ContextHandle context, gpu::EventHandle event) override;
  gpu::Status event_record(gpu::ContextHandle context, gpu::EventHandle event,
                           gpu::StreamHandle stream) override;
  gpu::Status event_query(gpu::ContextHandle context, gpu::EventHandle event) override;

  gpu::Answer<gpu::ModuleHandle> module_load(gpu::ContextHandle context,
                                             const gpu::ModuleImage& image) override;
  gpu::Status module_unload(gpu::ContextHandle context, gpu::ModuleHandle module) override;
  gpu::Answer<gpu::FunctionHandle> module_function(gpu::ContextHandle context,
                                                   gpu::ModuleHandle module,
                                                   std::string_view name) override;
  gpu::Status launch_kernel(gpu::ContextHandle context, const gpu::Launch& launch) override;

  gpu::Status notify(gpu::ContextHandle context, gpu::EventHandle event,
                     gpu::CompletionSink& sink, std::uint64_t token) override;

 private:
  /// Destroys a context by the policy for what still runs in it.
  gpu::Status destroy(CallEntry& entry, gpu::ContextHandle context);
  /// The queue of `stream`, or nothing for a stream that the context does not have.
  static std::optional<QueueId> queue_of(CallEntry& entry, gpu::StreamHandle stream);
  /// Puts `work` into `stream`, blocking while the stream is full; with what was armed for it.
  gpu::Answer<StreamPoint> submit(CallEntry& entry, gpu::StreamHandle stream, Work work);

  /// Shared with the pumps' fibers.
  std::shared_ptr<DriverCore> core_;
};

}  // namespace thresher::sim
