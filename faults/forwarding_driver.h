// A driver that forwards every call to another: the base of wrappers, which pass all calls through
// one place.
//
// `Wrapped` gives `template <typename F> auto around(const CallFacts&, F forward)`, which calls
// `forward()` or not, and answers in its stead. The facts say what the call is about in the same
// form for all 31 functions, so that a wrapper is written once and not 31 times.
#pragma once

#include "thresher/gpu/driver.h"

#include <cstdint>
#include <span>

namespace thresher::faults {

/// One call, for wrappers.
struct CallFacts {
  gpu::DriverCall call = gpu::DriverCall::device_count;
  /// None for calls that name a device or nothing.
  gpu::ContextHandle context{};
  /// Meaningful where `names_device`.
  gpu::DeviceOrdinal device{};
  bool names_device = false;
  /// Bytes asked for or moved; 0 for others.
  std::uint64_t bytes = 0;
  /// Host bytes that go to the device, known before the call.
  std::span<const std::byte> sent{};
};

template <typename Wrapped>
class ForwardingDriver : public gpu::Driver {
 public:
  /// `inner` outlives the wrapper.
  explicit ForwardingDriver(gpu::Driver& inner) noexcept : inner_{inner} {}
  gpu::Driver& inner() noexcept { return inner_; }

  gpu::Answer<std::uint32_t> device_count() final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::device_count},
                            [&] { return inner_.device_count(); });
  }
  gpu::Answer<gpu::DeviceProperties> device_properties(gpu::DeviceOrdinal device) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::device_properties, .device = device,
                                      .names_device = true},
                            [&] { return inner_.device_properties(device); });
  }
  gpu::Answer<gpu::ContextHandle> context_create(gpu::DeviceOrdinal device) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::context_create, .device = device,
                                      .names_device = true},
                            [&] { return inner_.context_create(device); });
  }
  gpu::Status context_destroy(gpu::ContextHandle context) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::context_destroy, .context = context},
                            [&] { return inner_.context_destroy(context); });
  }
  gpu::Answer<gpu::ContextHandle> primary_context_retain(gpu::DeviceOrdinal device) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::primary_context_retain,
                                      .device = device, .names_device = true},
                            [&] { return inner_.primary_context_retain(device); });
  }
  gpu::Status primary_context_release(gpu::DeviceOrdinal device) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::primary_context_release,
                                      .device = device, .names_device = true},
                            [&] { return inner_.primary_context_release(device); });
  }
  gpu::Status primary_context_reset(gpu::DeviceOrdinal device) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::primary_context_reset,
                                      .device = device, .names_device = true},
                            [&] { return inner_.primary_context_reset(device); });
  }
  gpu::Status context_synchronize(gpu::ContextHandle context) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::context_synchronize,
                                      .context = context},
                            [&] { return inner_.context_synchronize(context); });
  }
  gpu::Answer<gpu::MemoryInfo> memory_info(gpu::ContextHandle context) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::memory_info, .context = context},
                            [&] { return inner_.memory_info(context); });
  }
  gpu::Answer<gpu::DevicePointer> memory_allocate(gpu::ContextHandle context,
                                                  std::uint64_t bytes) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::memory_allocate, .context = context,
                                      .bytes = bytes},
                            [&] { return inner_.memory_allocate(context, bytes); });
  }
  gpu::Status memory_free(gpu::ContextHandle context, gpu::DevicePointer pointer) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::memory_free, .context = context},
                            [&] { return inner_.memory_free(context, pointer); });
  }
  gpu::Answer<std::byte*> host_allocate(gpu::ContextHandle context, std::uint64_t bytes) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::host_allocate, .context = context,
                                      .bytes = bytes},
                            [&] { return inner_.host_allocate(context, bytes); });
  }
  gpu::Status host_free(gpu::ContextHandle context, std::byte* pointer) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::host_free, .context = context},
                            [&] { return inner_.host_free(context, pointer); });
  }
  gpu::Status copy_to_device(gpu::ContextHandle context, gpu::DevicePointer to,
                             std::span<const std::byte> from, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::copy_to_device, .context = context,
                                      .bytes = from.size(), .sent = from},
                            [&] { return inner_.copy_to_device(context, to, from, stream); });
  }
  gpu::Status copy_to_host(gpu::ContextHandle context, std::span<std::byte> to,
                           gpu::DevicePointer from, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::copy_to_host, .context = context,
                                      .bytes = to.size()},
                            [&] { return inner_.copy_to_host(context, to, from, stream); });
  }
  gpu::Status copy_on_device(gpu::ContextHandle context, gpu::DevicePointer to,
                             gpu::DevicePointer from, std::uint64_t bytes,
                             gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::copy_on_device, .context = context,
                                      .bytes = bytes},
                            [&] {
                              return inner_.copy_on_device(context, to, from, bytes, stream);
                            });
  }
  gpu::Status memory_set(gpu::ContextHandle context, gpu::DevicePointer to, std::byte value,
                         std::uint64_t bytes, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::memory_set, .context = context,
                                      .bytes = bytes},
                            [&] { return inner_.memory_set(context, to, value, bytes, stream); });
  }
  gpu::Answer<gpu::StreamHandle> stream_create(gpu::ContextHandle context) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::stream_create, .context = context},
                            [&] { return inner_.stream_create(context); });
  }
  gpu::Status stream_destroy(gpu::ContextHandle context, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::stream_destroy, .context = context},
                            [&] { return inner_.stream_destroy(context, stream); });
  }
  gpu::Status stream_query(gpu::ContextHandle context, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::stream_query, .context = context},
                            [&] { return inner_.stream_query(context, stream); });
  }
  gpu::Status stream_synchronize(gpu::ContextHandle context, gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::stream_synchronize,
                                      .context = context},
                            [&] { return inner_.stream_synchronize(context, stream); });
  }
  gpu::Status stream_wait_event(gpu::ContextHandle context, gpu::StreamHandle stream,
                                gpu::EventHandle event) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::stream_wait_event,
                                      .context = context},
                            [&] { return inner_.stream_wait_event(context, stream, event); });
  }
  gpu::Answer<gpu::EventHandle> event_create(gpu::ContextHandle context) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::event_create, .context = context},
                            [&] { return inner_.event_create(context); });
  }
  gpu::Status event_destroy(gpu::ContextHandle context, gpu::EventHandle event) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::event_destroy, .context = context},
                            [&] { return inner_.event_destroy(context, event); });
  }
  gpu::Status event_record(gpu::ContextHandle context, gpu::EventHandle event,
                           gpu::StreamHandle stream) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::event_record, .context = context},
                            [&] { return inner_.event_record(context, event, stream); });
  }
  gpu::Status event_query(gpu::ContextHandle context, gpu::EventHandle event) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::event_query, .context = context},
                            [&] { return inner_.event_query(context, event); });
  }
  gpu::Answer<gpu::ModuleHandle> module_load(gpu::ContextHandle context,
                                             const gpu::ModuleImage& image) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::module_load, .context = context,
                                      .sent = image.bytes},
                            [&] { return inner_.module_load(context, image); });
  }
  gpu::Status module_unload(gpu::ContextHandle context, gpu::ModuleHandle module) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::module_unload, .context = context},
                            [&] { return inner_.module_unload(context, module); });
  }
  gpu::Answer<gpu::FunctionHandle> module_function(gpu::ContextHandle context,
                                                   gpu::ModuleHandle module,
                                                   std::string_view name) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::module_function, .context = context},
                            [&] { return inner_.module_function(context, module, name); });
  }
  gpu::Status launch_kernel(gpu::ContextHandle context, const gpu::Launch& launch) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::launch_kernel, .context = context},
                            [&] { return inner_.launch_kernel(context, launch); });
  }
  gpu::Status notify(gpu::ContextHandle context, gpu::EventHandle event, gpu::CompletionSink& sink,
                     std::uint64_t token) final {
    return wrapped().around(CallFacts{.call = gpu::DriverCall::notify, .context = context},
                            [&] { return inner_.notify(context, event, sink, token); });
  }

 private:
  Wrapped& wrapped() noexcept { return static_cast<Wrapped&>(*this); }

  gpu::Driver& inner_;
};

}  // namespace thresher::faults
