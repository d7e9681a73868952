// AcceleratorFactory: a node a device, and the choice among them.
//
// Policies order devices by counts and ordinals alone, so that the choice is the same in every run.
#include "thresher/gpu/accelerator_factory.h"

#include "thresher/gpu/code_cache.h"
#include "thresher/gpu/device_node.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

/// Errors of one device that another one may not have.
bool worth_another_device(Errc code) noexcept {
  return code == Errc::unavailable || code == Errc::capacity || code == Errc::quarantined ||
         code == Errc::device_lost || code == Errc::process_lost || code == Errc::context_lost;
}

}  // namespace

std::string_view name(AcceleratorKind kind) noexcept {
  switch (kind) {
    case AcceleratorKind::cuda: return "CUDA";
    case AcceleratorKind::opencl: return "OpenCL";
    case AcceleratorKind::metal: return "Metal";
    case AcceleratorKind::cpu: return "CPU";
  }
  THRESHER_UNREACHABLE();
}

AcceleratorFactory::AcceleratorFactory(runtime::Services& services, DriverHost& host,
                                       Compiler& compiler, FactoryOptions options,
                                       LayerFaults* faults)
    : services_{services},
      host_{host},
      options_{std::move(options)},
      code_{std::make_unique<CodeCache>(services, compiler)} {
  const Result<std::uint32_t> count = host_.device_count();
  if (!count) {
    host_error_ = count.error();
    return;
  }
  const NodeSeams seams{services_, host_, *code_, faults != nullptr ? *faults : no_faults_,
                        options_};
  for (std::uint32_t i = 0; i < *count; ++i) {
    nodes_.push_back(std::make_unique<DeviceNode>(seams, DeviceOrdinal{i}));
  }
}

AcceleratorFactory::~AcceleratorFactory() = default;

Result<std::uint32_t> AcceleratorFactory::device_count(AcceleratorKind kind) {
  if (kind != AcceleratorKind::cuda) return fail(Errc::unsupported);
  if (host_error_) return runtime::Unexpected{*host_error_};
  return static_cast<std::uint32_t>(nodes_.size());
}

DeviceNode* AcceleratorFactory::node(DeviceOrdinal device) const {
  return device.value < nodes_.size() ? nodes_[device.value].get() : nullptr;
}

std::vector<DeviceOrdinal> AcceleratorFactory::by_policy() const {
  std::vector<DeviceOrdinal> order;
  for (const auto& each : nodes_) order.push_back(each->device());
  if (options_.placement == PlacementPolicy::fewest_accelerators) {
    std::ranges::stable_sort(order, {}, [this](DeviceOrdinal device) {
      return accelerators_on(device);
    });
  }
  std::ranges::stable_partition(order, [this](DeviceOrdinal device) { return usable(device); });
  return order;
}

Result<std::shared_ptr<Accelerator>> AcceleratorFactory::create(AcceleratorKind kind,
                                                                const CallOptions& call) {
  THRESHER_TRY(count, device_count(kind));
  if (count == 0) return fail(Errc::not_found);
  Result<std::shared_ptr<Accelerator>> made = fail(Errc::not_found);
  for (const DeviceOrdinal device : by_policy()) {
    made = create(kind, device, call);
    if (made || !worth_another_device(made.error().code)) break;
  }
  return made;
}

Result<std::shared_ptr<Accelerator>> AcceleratorFactory::create(AcceleratorKind kind,
                                                                DeviceOrdinal device,
                                                                const CallOptions& call) {
  THRESHER_TRY(count, device_count(kind));
  if (device.value >= count) return fail(Errc::not_found, device.value);
  return node(device)->create(AcceleratorId{++last_accelerator_}, call);
}

bool AcceleratorFactory::usable(DeviceOrdinal device) const {
  const DeviceNode* const found = node(device);
  THRESHER_ASSERT(found != nullptr);
  return !found->quarantined();
}

std::uint32_t AcceleratorFactory::accelerators_on(DeviceOrdinal device) const {
  const DeviceNode* const found = node(device);
  THRESHER_ASSERT(found != nullptr);
  return found->accelerators();
}

void AcceleratorFactory::readmit(DeviceOrdinal device) {
  DeviceNode* const found = node(device);
  THRESHER_ASSERT(found != nullptr);
  found->readmit();
}

std::size_t AcceleratorFactory::compiled_count() const { return code_->size(); }

}  // namespace thresher::gpu
