// The kernels that the guide scenarios run, their host bodies, and the host reference of results.
//
// kernels.cu is the source, kernels.ptx what NVRTC made of it for compute_75; the host bodies
// compute the same operations in the same order, so that results agree to the last bit.
#pragma once

#include "thresher/gpu/compiler.h"
#include "thresher/gpu/host_kernel.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace thresher::scenarios::guide {

/// Host bodies of kernels.cu: `vector_scale(values, count, factor)` multiplies each element, and
/// `vector_sum(values, count, start)` puts start + sum of all into element 0. Each takes a device
/// pointer, a u64 and an f64.
const gpu::HostModule& kernels();

inline constexpr std::string_view vector_scale = "vector_scale";
inline constexpr std::string_view vector_sum = "vector_sum";

/// The text of kernels.cu, and of kernels.ptx (made constants by the build).
extern const std::string_view kernels_source;
extern const std::string_view kernels_ptx;

/// The kernel as an accelerator loads it. Requires: `kernel` is one of the two names.
const gpu::KernelSource& kernel_source(std::string_view kernel) noexcept;

/// The grid and block that a launch of `kernel` over `count` elements uses.
gpu::Launch shape_of(std::string_view kernel, std::uint64_t count) noexcept;

/// What vector_sum gives for `values`, computed without any device.
double reference_sum(std::span<const double> values, double start) noexcept;

}  // namespace thresher::scenarios::guide
