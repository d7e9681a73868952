// Host bodies of the guide's kernels: same operations, same order as kernels.cu, no contraction,
// so that a device and this file agree to the last bit.
#include "thresher/scenarios/guide/kernels.h"

#include "thresher/runtime/base/assert.h"

#include <array>
#include <cstddef>

namespace thresher::scenarios::guide {
namespace {

constexpr std::size_t sum_threads = 256;

gpu::DriverResult scale_body(gpu::HostKernelRun& run) {
  const auto count = run.argument<std::uint64_t>(1);
  const auto factor = run.argument<double>(2);
  const std::span<double> values = run.array<double>(0, count);
  if (values.size() != count) return run.memory.fault();
  for (double& value : values) value = value * factor;
  return gpu::DriverResult::success;
}

gpu::DriverResult sum_body(gpu::HostKernelRun& run) {
  const auto count = run.argument<std::uint64_t>(1);
  const auto start = run.argument<double>(2);
  const std::span<double> values = run.array<double>(0, count);
  if (values.size() != count || count == 0) {
    return count == 0 ? gpu::DriverResult::success : run.memory.fault();
  }
  values[0] = reference_sum(values, start);
  return gpu::DriverResult::success;
}

constexpr std::array<gpu::HostFunction, 2> functions{{
    {.name = vector_scale, .body = scale_body, .instructions_per_thread = 12},
    {.name = vector_sum, .body = sum_body, .instructions_per_thread = 96},
}};
constexpr gpu::HostModule module{.name = "guide", .functions = functions};

const gpu::KernelSource& source_of(std::string_view kernel) noexcept {
  static const gpu::KernelSource scale{vector_scale, kernels_source, kernels_ptx, &module};
  static const gpu::KernelSource sum{vector_sum, kernels_source, kernels_ptx, &module};
  THRESHER_ASSERT(kernel == vector_scale || kernel == vector_sum);
  return kernel == vector_scale ? scale : sum;
}

}  // namespace

const gpu::KernelSource& kernel_source(std::string_view kernel) noexcept {
  return source_of(kernel);
}

const gpu::HostModule& kernels() { return module; }

gpu::Launch shape_of(std::string_view kernel, std::uint64_t count) noexcept {
  gpu::Launch launch;
  launch.block = gpu::Dim3{.x = sum_threads};
  if (kernel == vector_scale) {
    const std::uint64_t blocks = (count + sum_threads - 1) / sum_threads;
    launch.grid = gpu::Dim3{.x = static_cast<std::uint32_t>(blocks == 0 ? 1 : blocks)};
  } else {
    THRESHER_ASSERT(kernel == vector_sum);
  }
  return launch;
}

double reference_sum(std::span<const double> values, double start) noexcept {
  std::array<double, sum_threads> partial{};
  for (std::size_t thread = 0; thread < sum_threads; ++thread) {
    double sum = 0.0;
    for (std::size_t i = thread; i < values.size(); i += sum_threads) sum = sum + values[i];
    partial[thread] = sum;
  }
  for (std::size_t width = sum_threads / 2; width > 0; width /= 2) {
    for (std::size_t thread = 0; thread < width; ++thread) {
      partial[thread] += partial[thread + width];
    }
  }
  return start + partial[0];
}

}  // namespace thresher::scenarios::guide
