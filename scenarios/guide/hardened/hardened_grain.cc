// The shared computation and its bounds.
//
// Every request has a deadline of its own below the response timeout, so that a caller hears what
// happened rather than that time ran out.
#include "thresher/scenarios/guide/hardened/hardened_grain.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/scenarios/guide/kernels.h"

#include <chrono>

namespace thresher::scenarios::hardened {
namespace {

/// One device operation of a request: microseconds when all is well.
constexpr runtime::Duration operation_timeout = std::chrono::seconds{2};

}  // namespace

Values compute_on(gpu::Accelerator& accelerator, const ComputeInput& input,
                  const gpu::CallOptions& call) {
  if (input.values.empty()) return runtime::fail(runtime::Errc::caller_bug);
  THRESHER_TRY(buffer, accelerator.allocate<double>(input.values.size(), call));
  THRESHER_TRY_VOID(buffer.copy_from(input.values, call));
  THRESHER_TRY(kernel, accelerator.load(guide::kernel_source(input.kernel), call));
  const gpu::Launch shape = guide::shape_of(input.kernel, input.values.size());
  THRESHER_TRY_VOID(accelerator.execute(
      kernel, gpu::LaunchShape{.grid = shape.grid, .block = shape.block},
      gpu::arguments(buffer, std::uint64_t{input.values.size()}, input.scalar), call));
  std::vector<double> result(input.values.size());
  THRESHER_TRY_VOID(buffer.copy_to(result, call));
  // Housekeeping never turns a success into a failure: what cannot be freed now goes back later.
  static_cast<void>(buffer.dispose(call));
  return result;
}

Values HardenedGrain::execute_compute(gpu::Accelerator& accelerator, const ComputeInput& input,
                                      const gpu::CallOptions& call) {
  // A closed or lost accelerator answers an error; "unhealthy use" is computing with one.
  witness_.compute_started(name_, accelerator.device().value, true);
  gpu::CallOptions bounded = call;
  const auto limit = runtime::deadline_after(scheduler().now(), operation_timeout);
  if (limit < bounded.deadline) bounded.deadline = limit;
  auto result = compute_on(accelerator, input, bounded);
  if (!result) witness_.compute_failed(name_, result.error());
  return result;
}

runtime::Result<std::vector<double>> HardenedGrain::scale(std::vector<double> values,
                                                          double factor,
                                                          runtime::CancellationToken token) {
  return observed({.kernel = guide::vector_scale, .values = std::move(values), .scalar = factor},
                  token);
}

runtime::Result<double> HardenedGrain::sum(std::vector<double> values, double start,
                                           runtime::CancellationToken token) {
  THRESHER_TRY(result, observed({.kernel = guide::vector_sum,
                                 .values = std::move(values),
                                 .scalar = start},
                                token));
  return result.front();
}

runtime::Result<void> HardenedGrain::misuse(runtime::CancellationToken token) {
  const auto result =
      observed({.kernel = guide::vector_scale, .values = {}, .scalar = 1.0}, token);
  if (!result) return runtime::Unexpected{result.error()};
  return {};
}

runtime::Result<void> HardenedGrain::reset_device(runtime::CancellationToken) { return {}; }

Values HardenedGrain::observed(const ComputeInput& input,
                               const runtime::CancellationToken& token) {
  witness_.request_started(name_);
  auto result = process(input, {.token = token, .deadline = runtime::no_deadline, .authority = {}});
  witness_.request_ended(name_, result ? nullptr : &result.error());
  return result;
}

}  // namespace thresher::scenarios::hardened
