// An accelerator that behaves as DotCompute's CudaAccelerator does (2026-07, read in its source;
// reference: the gaps listed in docs/fault-model.md), over Thresher's driver seam.
//
// One primary context a device, shared by every accelerator of the process; Hard and Full are the
// same code (free everything tracked, cuDevicePrimaryCtxReset); Soft is a second synchronise;
// Context drops the kernel dictionary; Timeout bounds only the start of a wait and Force is never
// read; no epochs: buffers keep raw pointers, streams and contexts of the time before are used
// again. ResetAsync answers no success rather than throwing, but for cancellation.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/layer_faults.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/scenarios/guide/published/api.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::scenarios::dotcompute {

class CudaAccelerator;

/// Makes DotCompute-like accelerators over `driver`, all on the primary context of `device`.
/// Owns them until it is destroyed: what a sample drops undisposed stays allocated.
class Factory final : public published::AcceleratorFactory {
 public:
  Factory(runtime::Services& services, gpu::Driver& driver, gpu::DeviceOrdinal device,
          published::Ledger& ledger, gpu::LayerFaults& faults,
          published::LayerObserver& observer);
  ~Factory() override;

  published::Accelerator& create(const runtime::CancellationToken& token,
                                 std::string owner) override;
  std::uint32_t device_count() override;

 private:
  runtime::Services& services_;
  gpu::Driver& driver_;
  gpu::DeviceOrdinal device_;
  published::Ledger& ledger_;
  gpu::LayerFaults& faults_;
  published::LayerObserver& observer_;
  std::vector<std::unique_ptr<CudaAccelerator>> made_;
};

}  // namespace thresher::scenarios::dotcompute
