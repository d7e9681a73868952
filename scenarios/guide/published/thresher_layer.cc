// Results become exceptions here, one for one; nothing is retried, freed or healed on the side.
//
// A sample passes no token but where the guide does, so most calls wait for as long as it takes.
#include "thresher/scenarios/guide/published/thresher_layer.h"

#include "thresher/gpu/accelerator.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/guide/kernels.h"

#include <utility>

namespace thresher::scenarios::published {
namespace {

template <typename T>
T demand(runtime::Result<T> result, const char* doing) {
  if (!result) throw_for(result.error(), doing);
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

class LayerBuffer final : public Buffer {
 public:
  LayerBuffer(gpu::Buffer<double> buffer, runtime::Scheduler& scheduler, Ledger& ledger,
              const std::string& owner)
      : buffer_{std::move(buffer)},
        scheduler_{scheduler},
        ledger_{ledger},
        ledger_id_{ledger.made("buffer", owner)} {}
  std::uint64_t length() const noexcept override { return buffer_.size(); }
  void copy_from(std::span<const double> values) override {
    scheduler_.yield({.verb = "await", .name = "CopyFromAsync"});
    demand(buffer_.copy_from(values), "copy to device");
  }
  void copy_to(std::span<double> values) override {
    scheduler_.yield({.verb = "await", .name = "CopyToAsync"});
    demand(buffer_.copy_to(values), "copy to host");
  }
  void dispose() override {
    scheduler_.yield({.verb = "await", .name = "DisposeAsync"});
    demand(buffer_.dispose(), "free");
    ledger_.disposed(ledger_id_);
  }
  const gpu::Buffer<double>& raw() const noexcept { return buffer_; }

 private:
  gpu::Buffer<double> buffer_;
  runtime::Scheduler& scheduler_;
  Ledger& ledger_;
  std::uint64_t ledger_id_;
};

struct LayerKernel final : Kernel {
  gpu::Kernel kernel;
  std::string name;
};

class LayerAccelerator final : public Accelerator {
 public:
  LayerAccelerator(std::shared_ptr<gpu::Accelerator> accelerator, runtime::Scheduler& scheduler,
                   Ledger& ledger, std::string owner)
      : accelerator_{std::move(accelerator)},
        scheduler_{scheduler},
        ledger_{ledger},
        owner_{std::move(owner)},
        ledger_id_{ledger.made("accelerator", owner_)} {}

  std::uint32_t device_id() const noexcept override { return accelerator_->device().value; }
  const std::string& device_name() const noexcept override { return accelerator_->device_name(); }
  std::uint64_t total_memory() override { return info().total_memory; }
  std::uint64_t available_memory() override { return info().available_memory; }
  std::uint64_t ledger_id() const noexcept override { return ledger_id_; }
  bool usable() const noexcept override {
    return last_reset_succeeded_ && accelerator_->usable().has_value();
  }

  Buffer& allocate(std::uint64_t length) override {
    await_point("AllocateAsync");
    if (length == 0) {
      throw_for(runtime::make_error(runtime::Errc::caller_bug), "allocate");
    }
    buffers_.push_back(std::make_unique<LayerBuffer>(
        demand(accelerator_->allocate<double>(length), "allocate"), scheduler_, ledger_, owner_));
    return *buffers_.back();
  }
  Kernel& compile_kernel(std::string_view kernel_name) override {
    await_point("CompileKernelAsync");
    kernels_.push_back(std::make_unique<LayerKernel>());
    kernels_.back()->kernel =
        demand(accelerator_->load(guide::kernel_source(kernel_name)), "compile kernel");
    kernels_.back()->name = kernel_name;
    return *kernels_.back();
  }
  void execute_kernel(Kernel& kernel, Buffer& buffer, double scalar) override {
    await_point("ExecuteKernelAsync");
    const auto& loaded = static_cast<LayerKernel&>(kernel);
    const auto& memory = static_cast<LayerBuffer&>(buffer).raw();
    const gpu::Launch shape = guide::shape_of(loaded.name, memory.size());
    gpu::LaunchShape launch;
    launch.grid = shape.grid;
    launch.block = shape.block;
    demand(accelerator_->execute(loaded.kernel, launch,
                                 gpu::arguments(memory, memory.size(), scalar)),
           "execute kernel");
  }
  ResetResult reset(const ResetOptions& options, const runtime::CancellationToken& token) override;
  void dispose() override {
    await_point("DisposeAsync");
    if (std::exchange(disposed_, true)) return;
    demand(accelerator_->dispose(), "dispose");
    ledger_.disposed(ledger_id_);
  }

 private:
  void await_point(const char* what) { scheduler_.yield({.verb = "await", .name = what}); }
  gpu::DeviceInfo info() { return demand(accelerator_->info(), "device info"); }

  /// Shared with the layer's own fibers, which may outlive the sample's use.
  std::shared_ptr<gpu::Accelerator> accelerator_;
  runtime::Scheduler& scheduler_;
  Ledger& ledger_;
  std::string owner_;
  std::uint64_t ledger_id_;
  std::vector<std::unique_ptr<LayerBuffer>> buffers_;
  std::vector<std::unique_ptr<LayerKernel>> kernels_;
  bool last_reset_succeeded_ = true;
  bool disposed_ = false;
};

ResetResult LayerAccelerator::reset(const ResetOptions& options,
                                    const runtime::CancellationToken& token) {
  await_point("ResetAsync");
  gpu::CallOptions call;
  call.token = token;
  const gpu::ResetResult tried = demand(accelerator_->reset(options, call), "reset");
  ResetResult result;
  result.success = tried.success;
  result.reset_type = tried.reset_type;
  result.duration = tried.duration;
  result.memory_freed_bytes = tried.memory_freed_bytes;
  if (!tried.success) result.error_message = tried.message();
  last_reset_succeeded_ = tried.success;
  return result;
}

}  // namespace

ThresherFactory::ThresherFactory(runtime::Services& services, gpu::AcceleratorFactory& factory,
                                 Ledger& ledger)
    : services_{services}, factory_{factory}, ledger_{ledger} {
  THRESHER_ASSERT(factory.options().shared_context);
}

ThresherFactory::~ThresherFactory() = default;

Accelerator& ThresherFactory::create(const runtime::CancellationToken& token, std::string owner) {
  services_.scheduler.yield({.verb = "await", .name = "CreateAsync"});
  gpu::CallOptions call;
  call.token = token;
  made_.push_back(std::make_unique<LayerAccelerator>(
      demand(factory_.create(gpu::AcceleratorKind::cuda, call), "create accelerator"),
      services_.scheduler, ledger_, std::move(owner)));
  return *made_.back();
}

std::uint32_t ThresherFactory::device_count() {
  return factory_.device_count().value_or(0u);
}

}  // namespace thresher::scenarios::published
