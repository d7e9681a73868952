// THE seam to the device: a narrow interface in the shape of the CUDA driver API.
//
// Same meaning and result codes as the functions of cuda.h named beside each, with three
// differences: no current context (every call names its own), no versions or flags that the
// layer does not need, and `notify` in place of blocking waits. Implementations: the simulated
// device (sim/device), libcuda (gpu/cuda, later), and forwarding wrappers (faults).
//
// Marks: [prompt] returns at once also when a kernel is stuck; [may_block] may never return
// while a kernel is stuck, and is called through Scheduler::run_blocking only. Any call may
// also answer an error of earlier asynchronous work on its context (sticky errors answer every
// later call). A Driver is used from the fibers of one process, by any worker. Handles are
// never reused within one Driver object, so that a stale handle is told from a live one (the
// real driver reuses them and may crash: the layer above must never pass a stale one).
#pragma once

#include "thresher/gpu/driver_result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace thresher::gpu {

struct HostModule;

struct DeviceOrdinal {
  std::uint32_t value = 0;
  friend auto operator<=>(const DeviceOrdinal&, const DeviceOrdinal&) = default;
};

/// Opaque driver handles; 0 is none.
template <typename Tag>
struct Handle {
  std::uint64_t value = 0;
  explicit operator bool() const noexcept { return value != 0; }
  friend auto operator<=>(const Handle&, const Handle&) = default;
};
using ContextHandle = Handle<struct ContextTag>;
using StreamHandle = Handle<struct StreamTag>;
using EventHandle = Handle<struct EventTag>;
using ModuleHandle = Handle<struct ModuleTag>;
using FunctionHandle = Handle<struct FunctionTag>;

/// An address on the device; arithmetic in bytes. Addresses ARE reused after a free or a reset.
struct DevicePointer {
  std::uint64_t value = 0;
  friend auto operator<=>(const DevicePointer&, const DevicePointer&) = default;
  friend DevicePointer operator+(DevicePointer base, std::uint64_t bytes) noexcept {
    return DevicePointer{base.value + bytes};
  }
};

struct DeviceProperties {
  std::string name;
  std::uint64_t memory_bytes = 0;
  std::uint32_t multiprocessors = 0;
  std::uint32_t compute_major = 0;
  std::uint32_t compute_minor = 0;
  std::uint32_t threads_per_block_max = 1024;
  std::uint32_t shared_bytes_per_block_max = 49152;
};

struct MemoryInfo {
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
};

/// What a module is made of. A driver that lacks a kind answers not_supported.
enum class ImageKind : std::uint8_t { ptx, cubin, host };

struct ModuleImage {
  ImageKind kind = ImageKind::ptx;
  /// PTX text or cubin; empty for host images.
  std::span<const std::byte> bytes;
  /// Host bodies that the simulated device runs; null for the other kinds. Outlives the module.
  const HostModule* host = nullptr;
};

struct Dim3 {
  std::uint32_t x = 1;
  std::uint32_t y = 1;
  std::uint32_t z = 1;
  constexpr std::uint64_t count() const noexcept {
    return std::uint64_t{x} * std::uint64_t{y} * std::uint64_t{z};
  }
  friend bool operator==(const Dim3&, const Dim3&) = default;
};

/// One kernel parameter by value, at most 16 bytes.
struct KernelArgument {
  std::array<std::byte, 16> bytes{};
  std::uint32_t size = 0;

  template <typename T>
    requires(std::is_trivially_copyable_v<T> && sizeof(T) <= 16)
  static KernelArgument of(const T& value) noexcept {
    KernelArgument argument;
    std::memcpy(argument.bytes.data(), &value, sizeof(T));
    argument.size = sizeof(T);
    return argument;
  }
};

struct Launch {
  FunctionHandle function;
  Dim3 grid;
  Dim3 block;
  std::uint32_t shared_bytes = 0;
  bool cooperative = false;
  StreamHandle stream;
  /// Copied by the driver before launch_kernel returns.
  std::span<const KernelArgument> arguments;
};

/// Hears of completed events. `complete` is called once for each notify, from any thread or fiber,
/// never parks and never calls the driver; `status` is success or the error that ended the work.
class CompletionSink {
 public:
  virtual ~CompletionSink() = default;
  virtual void complete(std::uint64_t token, Status status) noexcept = 0;
};

/// The functions of Driver, by name: for fault plans, traces and conformance.
enum class DriverCall : std::uint8_t {
  device_count, device_properties, context_create, context_destroy, primary_context_retain,
  primary_context_release, primary_context_reset, context_synchronize, memory_info,
  memory_allocate, memory_free, host_allocate, host_free, copy_to_device, copy_to_host,
  copy_on_device, memory_set, stream_create, stream_destroy, stream_query, stream_synchronize,
  stream_wait_event, event_create, event_destroy, event_record, event_query, module_load,
  module_unload, module_function, launch_kernel, notify,
};
inline constexpr std::size_t driver_call_count = 31;
/// The function's name as written here; what a fault plan says.
std::string_view name(DriverCall call) noexcept;

class Driver {
 public:
  virtual ~Driver() = default;

  // --- devices [prompt]: cuDeviceGetCount, cuDeviceGetName/TotalMem/Attribute
  virtual Answer<std::uint32_t> device_count() = 0;
  virtual Answer<DeviceProperties> device_properties(DeviceOrdinal device) = 0;

  // --- contexts [may_block]: cuCtxCreate, cuCtxDestroy; cuDevicePrimaryCtxRetain/Release/Reset
  virtual Answer<ContextHandle> context_create(DeviceOrdinal device) = 0;
  virtual Status context_destroy(ContextHandle context) = 0;
  virtual Answer<ContextHandle> primary_context_retain(DeviceOrdinal device) = 0;
  virtual Status primary_context_release(DeviceOrdinal device) = 0;
  virtual Status primary_context_reset(DeviceOrdinal device) = 0;
  /// cuCtxSynchronize: the layer never calls it; DotCompute does.
  virtual Status context_synchronize(ContextHandle context) = 0;

  // --- memory: cuMemGetInfo [prompt]; cuMemAlloc, cuMemFree, cuMemHostAlloc, cuMemFreeHost
  // [may_block]; copies and memset are asynchronous on `stream` [prompt from pinned memory].
  // Host memory of a copy must stay valid and, for copy_to_host, unread until the copy is done.
  virtual Answer<MemoryInfo> memory_info(ContextHandle context) = 0;
  virtual Answer<DevicePointer> memory_allocate(ContextHandle context, std::uint64_t bytes) = 0;
  virtual Status memory_free(ContextHandle context, DevicePointer pointer) = 0;
  virtual Answer<std::byte*> host_allocate(ContextHandle context, std::uint64_t bytes) = 0;
  virtual Status host_free(ContextHandle context, std::byte* pointer) = 0;
  virtual Status copy_to_device(ContextHandle context, DevicePointer to,
                                std::span<const std::byte> from, StreamHandle stream) = 0;
  virtual Status copy_to_host(ContextHandle context, std::span<std::byte> to, DevicePointer from,
                              StreamHandle stream) = 0;
  virtual Status copy_on_device(ContextHandle context, DevicePointer to, DevicePointer from,
                                std::uint64_t bytes, StreamHandle stream) = 0;
  virtual Status memory_set(ContextHandle context, DevicePointer to, std::byte value,
                            std::uint64_t bytes, StreamHandle stream) = 0;

  // --- streams: create, destroy, synchronize [may_block]; query, wait_event [prompt].
  // stream_destroy returns at once and frees when the stream's work is done. stream_query answers
  // not_ready while work is pending.
  virtual Answer<StreamHandle> stream_create(ContextHandle context) = 0;
  virtual Status stream_destroy(ContextHandle context, StreamHandle stream) = 0;
  virtual Status stream_query(ContextHandle context, StreamHandle stream) = 0;
  virtual Status stream_synchronize(ContextHandle context, StreamHandle stream) = 0;
  virtual Status stream_wait_event(ContextHandle context, StreamHandle stream,
                                   EventHandle event) = 0;

  // --- events [prompt]: cuEventCreate/Destroy/Record/Query
  virtual Answer<EventHandle> event_create(ContextHandle context) = 0;
  virtual Status event_destroy(ContextHandle context, EventHandle event) = 0;
  virtual Status event_record(ContextHandle context, EventHandle event, StreamHandle stream) = 0;
  virtual Status event_query(ContextHandle context, EventHandle event) = 0;

  // --- modules and kernels: load, unload [may_block]; function, launch [prompt: the queue of a
  // stream holds 512 launches, the layer never fills it]. Modules load eagerly.
  virtual Answer<ModuleHandle> module_load(ContextHandle context, const ModuleImage& image) = 0;
  virtual Status module_unload(ContextHandle context, ModuleHandle module) = 0;
  virtual Answer<FunctionHandle> module_function(ContextHandle context, ModuleHandle module,
                                                 std::string_view name) = 0;
  virtual Status launch_kernel(ContextHandle context, const Launch& launch) = 0;

  // --- completions [prompt]
  /// `sink.complete(token, status)` is called once when the work recorded in `event` is done or
  /// its context can no longer do it. `sink` must live until then or until the Driver is
  /// destroyed. On a failed status nothing is called. A stuck kernel never completes.
  virtual Status notify(ContextHandle context, EventHandle event, CompletionSink& sink,
                        std::uint64_t token) = 0;
};

}  // namespace thresher::gpu
