// DotCompute's CudaAccelerator as its source behaves, defects and all; see the header.
//
// Driver calls that block a thread there run through run_blocking without a deadline here: the
// awaiting grain parks for as long as DotCompute's thread-pool thread would have been stuck.
#include "thresher/scenarios/guide/dotcompute/accelerator.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/kernels.h"

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace thresher::scenarios::dotcompute {

using published::Ledger;
using published::ResetOptions;
using published::ResetResult;
using published::ResetType;
using runtime::Errc;

namespace {

class CudaBuffer final : public published::Buffer {
 public:
  CudaBuffer(CudaAccelerator& owner, gpu::DevicePointer pointer, std::uint64_t length,
             std::uint64_t ledger_id)
      : owner_{owner}, pointer_{pointer}, length_{length}, ledger_id_{ledger_id} {}
  std::uint64_t length() const noexcept override { return length_; }
  void copy_from(std::span<const double> values) override;
  void copy_to(std::span<double> values) override;
  void dispose() override;
  gpu::DevicePointer pointer() const noexcept { return pointer_; }

 private:
  CudaAccelerator& owner_;
  gpu::DevicePointer pointer_;
  std::uint64_t length_;
  std::uint64_t ledger_id_;
};

struct CudaKernel final : published::Kernel {
  std::string name;
  gpu::FunctionHandle function;
};

}  // namespace

/// Tells what a device reset takes from the other accelerators of the process.
using DestroyedOthers = std::function<void(const CudaAccelerator& by)>;

class CudaAccelerator final : public published::Accelerator {
 public:
  CudaAccelerator(runtime::Services& services, gpu::Driver& driver, gpu::DeviceOrdinal device,
                  Ledger& ledger, gpu::LayerFaults& faults, std::string owner,
                  DestroyedOthers destroyed_others)
      : services_{services}, driver_{driver}, device_{device}, ledger_{ledger}, faults_{faults},
        owner_{std::move(owner)}, destroyed_others_{std::move(destroyed_others)} {
    initialize();
    name_ = demand(driver_.device_properties(device_), "device properties").name;
    ledger_id_ = ledger_.made("accelerator", owner_);
  }

  std::uint32_t device_id() const noexcept override { return device_.value; }
  const std::string& device_name() const noexcept override { return name_; }
  std::uint64_t total_memory() override { return memory().total_bytes; }
  std::uint64_t available_memory() override { return memory().free_bytes; }
  std::uint64_t ledger_id() const noexcept override { return ledger_id_; }
  // By what its own resets did: to ask the driver would be a call that no sample makes.
  bool usable() const noexcept override {
    return !disposed_ && initialised_ && last_reset_succeeded_;
  }

  published::Buffer& allocate(std::uint64_t length) override;
  published::Kernel& compile_kernel(std::string_view kernel_name) override;
  void execute_kernel(published::Kernel& kernel, published::Buffer& buffer,
                      double scalar) override;
  ResetResult reset(const ResetOptions& options, const runtime::CancellationToken& token) override;
  void dispose() override;

  void await_point(const char* what) { services_.scheduler.yield({.verb = "await", .name = what}); }
  void synchronize(const char* doing);
  void copy_in(gpu::DevicePointer to, std::span<const double> values);
  void copy_out(std::span<double> values, gpu::DevicePointer from);
  void free(gpu::DevicePointer pointer);
  Ledger& ledger() noexcept { return ledger_; }
  const std::string& owner() const noexcept { return owner_; }
  std::uint64_t live_buffers() const noexcept { return disposed_ ? 0 : tracked_.size(); }

  /// Runs `call` where it may block, as Task.Run does, and gives its answer.
  template <typename Call>
  auto blocking(const char* what, Call call) {
    using Value = std::invoke_result_t<Call>;
    auto answer = std::make_shared<std::optional<Value>>();
    auto done = services_.scheduler.run_blocking(
        what, [answer, call = std::move(call)]() mutable { answer->emplace(call()); },
        runtime::no_deadline);
    if (!done) published::throw_for(done.error(), what);
    THRESHER_ASSERT(answer->has_value());
    return std::move(**answer);
  }

 private:
  template <typename T>
  T demand(gpu::Answer<T> answer, const char* doing) {
    if (!answer) published::throw_for(gpu::to_error(answer.error(), device_.value), doing);
    return *std::move(answer);
  }
  void demand(gpu::Status status, const char* doing) {
    if (!status.ok()) published::throw_for(gpu::to_error(status, device_.value), doing);
  }
  gpu::MemoryInfo memory() { return demand(driver_.memory_info(context_), "memory info"); }
  void initialize();
  void reset_level(const ResetOptions& options, ResetResult& result);
  void reset_device(ResetResult& result, bool reinitialize);

  runtime::Services& services_;
  gpu::Driver& driver_;
  gpu::DeviceOrdinal device_;
  Ledger& ledger_;
  gpu::LayerFaults& faults_;
  std::string owner_;
  DestroyedOthers destroyed_others_;
  std::string name_;
  gpu::ContextHandle context_{};
  gpu::StreamHandle stream_{};
  std::uint64_t ledger_id_ = 0;
  std::vector<gpu::DevicePointer> tracked_;
  std::map<std::string, CudaKernel*, std::less<>> kernel_cache_;
  std::vector<std::unique_ptr<CudaBuffer>> buffers_;
  std::vector<std::unique_ptr<CudaKernel>> kernels_;
  bool disposed_ = false;
  bool last_reset_succeeded_ = true;
  /// False once its context was reset and not made again.
  bool initialised_ = false;
};

void CudaAccelerator::initialize() {
  auto& driver = driver_;
  const auto device = device_;
  context_ = demand(blocking("cuDevicePrimaryCtxRetain",
                             [&driver, device] { return driver.primary_context_retain(device); }),
                    "create accelerator");
  const auto context = context_;
  stream_ = demand(
      blocking("cuStreamCreate", [&driver, context] { return driver.stream_create(context); }),
      "create stream");
  initialised_ = true;
}

published::Buffer& CudaAccelerator::allocate(std::uint64_t length) {
  await_point("AllocateAsync");
  auto& driver = driver_;
  const auto context = context_;
  const auto bytes = length * sizeof(double);
  const auto pointer =
      demand(blocking("cuMemAlloc",
                      [&driver, context, bytes] { return driver.memory_allocate(context, bytes); }),
             "allocate");
  tracked_.push_back(pointer);
  buffers_.push_back(std::make_unique<CudaBuffer>(*this, pointer, length,
                                                  ledger_.made("buffer", owner_)));
  return *buffers_.back();
}

published::Kernel& CudaAccelerator::compile_kernel(std::string_view kernel_name) {
  await_point("CompileKernelAsync");
  if (const auto found = kernel_cache_.find(kernel_name); found != kernel_cache_.end()) {
    return *found->second;
  }
  auto& driver = driver_;
  const auto context = context_;
  const auto module = demand(blocking("cuModuleLoadData",
                                      [&driver, context] {
                                        return driver.module_load(
                                            context, {.kind = gpu::ImageKind::host,
                                                      .bytes = {},
                                                      .host = &guide::kernels()});
                                      }),
                             "load module");
  const auto function =
      demand(driver_.module_function(context_, module, kernel_name), "get function");
  kernels_.push_back(std::make_unique<CudaKernel>());
  kernels_.back()->name = kernel_name;
  kernels_.back()->function = function;
  kernel_cache_.emplace(std::string{kernel_name}, kernels_.back().get());
  return *kernels_.back();
}

void CudaAccelerator::execute_kernel(published::Kernel& kernel, published::Buffer& buffer,
                                     double scalar) {
  await_point("ExecuteKernelAsync");
  auto& cuda_kernel = static_cast<CudaKernel&>(kernel);
  auto& cuda_buffer = static_cast<CudaBuffer&>(buffer);
  const std::array arguments{gpu::KernelArgument::of(cuda_buffer.pointer()),
                             gpu::KernelArgument::of(cuda_buffer.length()),
                             gpu::KernelArgument::of(scalar)};
  gpu::Launch launch = guide::shape_of(cuda_kernel.name, cuda_buffer.length());
  launch.function = cuda_kernel.function;
  launch.stream = stream_;
  launch.arguments = arguments;
  demand(driver_.launch_kernel(context_, launch), "launch");
  synchronize("execute kernel");
}

void CudaAccelerator::synchronize(const char* doing) {
  auto& driver = driver_;
  const auto context = context_;
  demand(blocking("cudaDeviceSynchronize",
                  [&driver, context] { return driver.context_synchronize(context); }),
         doing);
}

void CudaAccelerator::copy_in(gpu::DevicePointer to, std::span<const double> values) {
  await_point("CopyFromAsync");
  demand(driver_.copy_to_device(context_, to, std::as_bytes(values), stream_), "copy to device");
  synchronize("copy to device");
}

void CudaAccelerator::copy_out(std::span<double> values, gpu::DevicePointer from) {
  await_point("CopyToAsync");
  demand(driver_.copy_to_host(context_, std::as_writable_bytes(values), from, stream_),
         "copy to host");
  synchronize("copy to host");
}

void CudaAccelerator::free(gpu::DevicePointer pointer) {
  await_point("DisposeAsync");
  std::erase(tracked_, pointer);
  auto& driver = driver_;
  const auto context = context_;
  demand(blocking("cuMemFree",
                  [&driver, context, pointer] { return driver.memory_free(context, pointer); }),
         "free");
}

ResetResult CudaAccelerator::reset(const ResetOptions& options,
                                   const runtime::CancellationToken& token) {
  await_point("ResetAsync");
  ResetResult result;
  result.reset_type = options.reset_type;
  const auto started = services_.scheduler.now();
  const auto fault = faults_.on_reset(device_, options.reset_type);
  if (fault == gpu::LayerFault::hang) {
    // Timeout has no effect on a device that hangs: the await never comes back.
    static_cast<void>(runtime::sleep_until(services_.scheduler, runtime::no_deadline));
  }
  if (fault == gpu::LayerFault::error) {
    last_reset_succeeded_ = false;
    throw published::AcceleratorException{
        "reset failed", runtime::Error{.code = Errc::reset_failed, .injected = true}};
  }
  try {
    if (token.is_cancelled()) {
      throw published::OperationCanceledException{"reset", runtime::make_error(Errc::cancelled)};
    }
    if (options.wait_for_completion) synchronize("reset");
    if (fault != gpu::LayerFault::false_success) reset_level(options, result);
    result.success = true;
  } catch (const published::OperationCanceledException&) {
    throw;
  } catch (const published::Exception& failure) {
    result.error_message = failure.what();
  }
  if (fault == gpu::LayerFault::no_success) {
    result.success = false;
    result.error_message = "the device did not come back";
  }
  result.duration = services_.scheduler.now() - started;
  last_reset_succeeded_ = result.success;
  return result;
}

void CudaAccelerator::reset_level(const ResetOptions& options, ResetResult& result) {
  switch (options.reset_type) {
    case ResetType::soft: synchronize("reset"); break;
    case ResetType::context:
      kernel_cache_.clear();
      synchronize("reset");
      break;
    case ResetType::hard:
    case ResetType::full: reset_device(result, options.reinitialize); break;
  }
}

// Hard and Full: frees what this accelerator tracks, then resets the primary context that every
// accelerator of the device shares.
void CudaAccelerator::reset_device(ResetResult& result, bool reinitialize) {
  const auto before = memory();
  auto& driver = driver_;
  const auto context = context_;
  const auto device = device_;
  for (const auto pointer : std::exchange(tracked_, {})) {
    static_cast<void>(blocking(
        "cudaFree", [&driver, context, pointer] { return driver.memory_free(context, pointer); }));
  }
  kernel_cache_.clear();
  demand(blocking("cudaDeviceReset",
                  [&driver, device] { return driver.primary_context_reset(device); }),
         "device reset");
  initialised_ = false;
  destroyed_others_(*this);
  if (reinitialize) {
    // As there: the old stream is destroyed after the context that owned it, then the context is
    // retained anew.
    const auto stream = stream_;
    static_cast<void>(driver_.stream_destroy(context, stream));
    initialize();
  }
  const auto after = reinitialize ? memory() : before;
  result.memory_freed_bytes =
      after.free_bytes > before.free_bytes ? after.free_bytes - before.free_bytes : 0;
}

void CudaAccelerator::dispose() {
  await_point("DisposeAsync");
  if (std::exchange(disposed_, true)) return;
  for (const auto pointer : std::exchange(tracked_, {})) {
    auto& driver = driver_;
    const auto context = context_;
    static_cast<void>(blocking(
        "cudaFree", [&driver, context, pointer] { return driver.memory_free(context, pointer); }));
  }
  static_cast<void>(driver_.stream_destroy(context_, stream_));
  static_cast<void>(driver_.primary_context_release(device_));
  ledger_.disposed(ledger_id_);
}

void CudaBuffer::copy_from(std::span<const double> values) { owner_.copy_in(pointer_, values); }
void CudaBuffer::copy_to(std::span<double> values) { owner_.copy_out(values, pointer_); }
void CudaBuffer::dispose() {
  owner_.free(pointer_);
  owner_.ledger().disposed(ledger_id_);
}

Factory::Factory(runtime::Services& services, gpu::Driver& driver, gpu::DeviceOrdinal device,
                 Ledger& ledger, gpu::LayerFaults& faults, published::LayerObserver& observer)
    : services_{services},
      driver_{driver},
      device_{device},
      ledger_{ledger},
      faults_{faults},
      observer_{observer} {}

Factory::~Factory() = default;

published::Accelerator& Factory::create(const runtime::CancellationToken& token,
                                        std::string owner) {
  services_.scheduler.yield({.verb = "await", .name = "CreateAsync"});
  if (token.is_cancelled()) {
    throw published::OperationCanceledException{"create accelerator",
                                                runtime::make_error(Errc::cancelled)};
  }
  const auto destroyed_others = [this](const CudaAccelerator& by) {
    for (const auto& other : made_) {
      if (other.get() == &by || other->live_buffers() == 0) continue;
      observer_.neighbour_reset(by.owner(), other->owner(), other->live_buffers());
    }
  };
  made_.push_back(std::make_unique<CudaAccelerator>(services_, driver_, device_, ledger_, faults_,
                                                    std::move(owner), destroyed_others));
  return *made_.back();
}

std::uint32_t Factory::device_count() {
  const auto count = driver_.device_count();
  return count ? *count : 0;
}

}  // namespace thresher::scenarios::dotcompute
