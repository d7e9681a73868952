// The samples' accelerator interface over Thresher's own layer: same patterns, other ground.
//
// All accelerators of a device share one CUDA context, as the published scenarios demand. Objects
// live until the run ends, as a garbage collector would keep them; only `dispose` gives back.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/scenarios/guide/published/api.h"

#include <memory>
#include <string>
#include <vector>

namespace thresher::scenarios::published {

class ThresherFactory final : public AcceleratorFactory {
 public:
  /// `factory` shares contexts (FactoryOptions::shared_context) and outlives this.
  ThresherFactory(runtime::Services& services, gpu::AcceleratorFactory& factory, Ledger& ledger);
  ~ThresherFactory() override;

  Accelerator& create(const runtime::CancellationToken& token, std::string owner) override;
  std::uint32_t device_count() override;

 private:
  runtime::Services& services_;
  gpu::AcceleratorFactory& factory_;
  Ledger& ledger_;
  std::vector<std::unique_ptr<Accelerator>> made_;
};

}  // namespace thresher::scenarios::published
