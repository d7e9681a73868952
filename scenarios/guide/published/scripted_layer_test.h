// An accelerator layer that does what a test tells it: the double under the published patterns.
//
// It computes, keeps the ledger as the real layers do, and shares one primary context a device as
// DotCompute does: a Hard or Full reset destroys the buffers of every accelerator on it. Each call
// first takes the next step of its script (`next`), and works when there is none. Every call is one
// schedule point; a token is looked at before the work begins, not after. Included by tests only;
// used on the fibers of one world.
#pragma once

#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/kernels.h"
#include "thresher/scenarios/guide/published/api.h"
#include "thresher/scenarios/guide/witness.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thresher::scenarios::published {

using runtime::Errc;

enum class Call : std::uint8_t {
  create,
  allocate,
  copy_in,
  execute,
  copy_out,
  free,
  reset,
  dispose
};
inline constexpr std::size_t call_count = 8;

/// What one call does. First it takes `time`; then it works unless `fails` or `no_success` is set.
struct Step {
  runtime::Duration time{};
  bool fails = false;
  Errc errc = Errc::timeout;
  /// Resets only: tried, and answers Success false.
  bool no_success = false;
  /// Creations only.
  std::uint32_t device = 0;
};
inline Step works() { return {}; }
inline Step fails(Errc errc) { return {.fails = true, .errc = errc}; }
inline Step no_success() { return {.no_success = true}; }
inline Step takes(runtime::Duration time) { return {.time = time}; }
inline Step on_device(std::uint32_t device) { return {.device = device}; }

class ScriptedAccelerator;

class ScriptedLayer final : public AcceleratorFactory {
 public:
  ScriptedLayer(runtime::Services& services, guide::Witness& witness)
      : scheduler_{services.scheduler}, witness_{witness} {}

  /// The next calls of that kind, on any accelerator, do these.
  void next(Call call, std::initializer_list<Step> steps) {
    auto& script = scripts_[static_cast<std::size_t>(call)];
    script.insert(script.end(), steps);
  }
  /// Every call to a device fails with process_lost until a Full reset, as after a sticky error.
  void poison() { poisoned_ = true; }
  std::uint64_t calls(Call call) const { return counts_[static_cast<std::size_t>(call)]; }
  const std::vector<ResetType>& resets() const { return resets_; }

  Accelerator& create(const runtime::CancellationToken& token, std::string owner) override;
  std::uint32_t device_count() override { return 2; }

 private:
  friend class ScriptedAccelerator;
  friend class ScriptedBuffer;

  /// The schedule point of one call, and its step. Throws what the step says.
  Step enter(Call call, const char* name, const runtime::CancellationToken& token = {}) {
    const auto index = static_cast<std::size_t>(call);
    ++counts_[index];
    scheduler_.yield({.verb = "await", .name = name});
    if (token.is_cancelled()) throw_for(runtime::make_error(Errc::cancelled), name);
    Step step;
    if (!scripts_[index].empty()) {
      step = scripts_[index].front();
      scripts_[index].pop_front();
    }
    if (step.time > runtime::Duration{0}) {
      static_cast<void>(runtime::sleep_for(scheduler_, step.time));
    }
    if (step.fails) throw_for(runtime::make_error(step.errc), name);
    const bool computes = call != Call::create && call != Call::reset && call != Call::dispose;
    if (poisoned_ && computes) throw_for(runtime::make_error(Errc::process_lost), name);
    return step;
  }
  void destroy_context(const ScriptedAccelerator& by);

  runtime::Scheduler& scheduler_;
  guide::Witness& witness_;
  std::array<std::deque<Step>, call_count> scripts_;
  std::array<std::uint64_t, call_count> counts_{};
  std::vector<ResetType> resets_;
  std::vector<std::unique_ptr<ScriptedAccelerator>> made_;
  bool poisoned_ = false;
};

class ScriptedBuffer final : public Buffer {
 public:
  ScriptedBuffer(ScriptedLayer& layer, std::uint64_t length, const std::string& owner)
      : layer_{layer},
        values_(length),
        ledger_id_{layer.witness_.ledger().made("buffer", owner)} {}

  std::uint64_t length() const noexcept override { return values_.size(); }
  void copy_from(std::span<const double> values) override {
    layer_.enter(Call::copy_in, "CopyFromAsync");
    require_alive();
    std::ranges::copy(values, values_.begin());
  }
  void copy_to(std::span<double> values) override {
    layer_.enter(Call::copy_out, "CopyToAsync");
    require_alive();
    std::ranges::copy(values_, values.begin());
  }
  void dispose() override {
    layer_.enter(Call::free, "DisposeAsync");
    layer_.witness_.ledger().disposed(ledger_id_);
    disposed_ = true;
  }
  bool alive() const { return !disposed_ && !lost_; }
  void lose() { lost_ = true; }
  void require_alive() const {
    if (!alive()) throw_for(runtime::make_error(Errc::context_lost), "use a buffer");
  }
  std::vector<double>& values() { return values_; }

 private:
  ScriptedLayer& layer_;
  std::vector<double> values_;
  std::uint64_t ledger_id_;
  bool disposed_ = false;
  bool lost_ = false;
};

struct ScriptedKernel final : Kernel {
  explicit ScriptedKernel(std::string_view kernel_name) : name{kernel_name} {}
  std::string name;
};

class ScriptedAccelerator final : public Accelerator {
 public:
  ScriptedAccelerator(ScriptedLayer& layer, std::uint32_t device, std::string owner)
      : layer_{layer},
        device_{device},
        owner_{std::move(owner)},
        ledger_id_{layer.witness_.ledger().made("accelerator", owner_)} {}

  std::uint32_t device_id() const noexcept override { return device_; }
  const std::string& device_name() const noexcept override { return name_; }
  std::uint64_t total_memory() override { return 1 << 30; }
  std::uint64_t available_memory() override { return 1 << 30; }
  std::uint64_t ledger_id() const noexcept override { return ledger_id_; }
  bool usable() const noexcept override { return initialised_ && last_reset_succeeded_; }

  Buffer& allocate(std::uint64_t length) override {
    layer_.enter(Call::allocate, "AllocateAsync");
    require_initialised();
    if (length == 0) throw_for(runtime::make_error(Errc::caller_bug), "allocate");
    buffers_.push_back(std::make_unique<ScriptedBuffer>(layer_, length, owner_));
    return *buffers_.back();
  }
  Kernel& compile_kernel(std::string_view kernel_name) override {
    kernels_.push_back(std::make_unique<ScriptedKernel>(kernel_name));
    return *kernels_.back();
  }
  void execute_kernel(Kernel& kernel, Buffer& buffer, double scalar) override {
    layer_.enter(Call::execute, "ExecuteKernelAsync");
    auto& memory = static_cast<ScriptedBuffer&>(buffer);
    memory.require_alive();
    if (static_cast<ScriptedKernel&>(kernel).name == guide::vector_scale) {
      for (double& value : memory.values()) value *= scalar;
    } else {
      memory.values()[0] = guide::reference_sum(memory.values(), scalar);
    }
  }
  ResetResult reset(const ResetOptions& options, const runtime::CancellationToken& token) override {
    layer_.resets_.push_back(options.reset_type);
    last_reset_succeeded_ = false;
    const Step step = layer_.enter(Call::reset, "ResetAsync", token);
    ResetResult result;
    result.reset_type = options.reset_type;
    if (step.no_success) {
      result.error_message = "the device did not come back";
      return result;
    }
    if (options.reset_type >= ResetType::hard) {
      layer_.destroy_context(*this);
      initialised_ = options.reinitialize;
    }
    if (options.reset_type == ResetType::full) layer_.poisoned_ = false;
    last_reset_succeeded_ = result.success = true;
    return result;
  }
  void dispose() override {
    layer_.enter(Call::dispose, "DisposeAsync");
    layer_.witness_.ledger().disposed(ledger_id_);
  }

  const std::string& owner() const { return owner_; }
  /// The context of `device` is gone: gives the buffers that it took from here.
  std::uint64_t lose_buffers(std::uint32_t device) {
    std::uint64_t lost = 0;
    for (const auto& buffer : buffers_) {
      if (device != device_ || !buffer->alive()) continue;
      buffer->lose();
      ++lost;
    }
    return lost;
  }

 private:
  void require_initialised() const {
    if (!initialised_) throw_for(runtime::make_error(Errc::uninitialised), "use an accelerator");
  }

  ScriptedLayer& layer_;
  std::uint32_t device_;
  std::string name_ = "scripted";
  std::string owner_;
  std::uint64_t ledger_id_;
  std::vector<std::unique_ptr<ScriptedBuffer>> buffers_;
  std::vector<std::unique_ptr<ScriptedKernel>> kernels_;
  bool initialised_ = true;
  bool last_reset_succeeded_ = true;
};

inline Accelerator& ScriptedLayer::create(const runtime::CancellationToken& token,
                                          std::string owner) {
  const Step step = enter(Call::create, "CreateAsync", token);
  made_.push_back(std::make_unique<ScriptedAccelerator>(*this, step.device, std::move(owner)));
  return *made_.back();
}

inline void ScriptedLayer::destroy_context(const ScriptedAccelerator& by) {
  for (const auto& each : made_) {
    const std::uint64_t lost = each->lose_buffers(by.device_id());
    if (each.get() != &by && lost > 0) witness_.neighbour_reset(by.owner(), each->owner(), lost);
  }
}

}  // namespace thresher::scenarios::published
