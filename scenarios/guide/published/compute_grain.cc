// The Quick Start's computation, as published: what an exception skips is not disposed.
//
// Requests of one grain do not interleave, so one slot for the first error of a request is enough.
#include "thresher/scenarios/guide/published/compute_grain.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/guide/kernels.h"

namespace thresher::scenarios::published {

std::vector<double> PublishedGrain::scale(std::vector<double> values, double factor) {
  return observed({.kernel = guide::vector_scale, .values = std::move(values), .scalar = factor});
}

double PublishedGrain::sum(std::vector<double> values, double start) {
  const auto result =
      observed({.kernel = guide::vector_sum, .values = std::move(values), .scalar = start});
  THRESHER_ASSERT(!result.empty());
  return result.front();
}

// An empty input: AllocateAsync(0) is what the driver refuses as invalid_value.
void PublishedGrain::misuse() {
  observed({.kernel = guide::vector_scale, .values = {}, .scalar = 1.0});
}

std::vector<double> PublishedGrain::observed(const ComputeInput& input) {
  witness_.request_started(name_);
  try {
    auto result = process(input);
    witness_.request_ended(name_, nullptr);
    return result;
  } catch (const Exception& failure) {
    witness_.request_ended(name_, &failure.error());
    throw;
  }
}

std::vector<double> PublishedGrain::execute_compute(const ComputeInput& input) {
  THRESHER_ASSERT(accelerator_ != nullptr);
  witness_.compute_started(name_, accelerator_->device_id(), accelerator_->usable());
  try {
    return quick_start(input);
  } catch (const Exception& failure) {
    witness_.compute_failed(name_, failure.error());
    throw;
  }
}

std::vector<double> PublishedGrain::quick_start(const ComputeInput& input) {
  Buffer& buffer = accelerator_->allocate(input.values.size());
  buffer.copy_from(input.values);
  // Execute kernel...
  Kernel& kernel = accelerator_->compile_kernel(input.kernel);
  accelerator_->execute_kernel(kernel, buffer, input.scalar);
  std::vector<double> result(input.values.size());
  buffer.copy_to(result);
  witness_.result_computed(name_);
  buffer.dispose();
  return result;
}

void PublishedGrain::require_activated() const {
  if (accelerator_ == nullptr) {
    throw InvalidOperationException{"Accelerator not initialized",
                                    runtime::make_error(runtime::Errc::uninitialised)};
  }
}

}  // namespace thresher::scenarios::published
