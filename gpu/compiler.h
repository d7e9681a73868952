// The seam from source to code, and the compiler that needs none: PTX kept beside the source.
//
// Real: NVRTC (gpu/cuda, later). A compile may take 100 ms and 88 KiB of stack, so the layer calls
// it through Scheduler::run_blocking only. Deterministic: same request, same code.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/host_kernel.h"
#include "thresher/runtime/base/error.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::gpu {

/// A kernel as its author writes it; a constant that outlives every accelerator.
struct KernelSource {
  /// The function to call within the code ("scale").
  std::string_view name;
  /// CUDA C++; part of the cache's key.
  std::string_view source;
  /// PTX for compute_75, made once and kept beside the source; empty if there is none.
  std::string_view ptx;
  /// Host bodies for devices that run no PTX; null if there are none.
  const HostModule* host = nullptr;
};

/// One alternative of a compiled kernel; a driver that lacks its kind is given the next.
struct CodeImage {
  ImageKind kind = ImageKind::ptx;
  std::vector<std::byte> bytes;
  const HostModule* host = nullptr;
};

/// Compiled code, in order of preference. Never empty.
struct CompiledCode {
  std::vector<CodeImage> images;
};

struct CompileRequest {
  KernelSource source;
  std::string options;
  std::uint32_t compute_major = 7;
  std::uint32_t compute_minor = 5;
};

class Compiler {
 public:
  virtual ~Compiler() = default;
  /// [may_block] Errors: compile_failed, unavailable.
  virtual runtime::Result<CompiledCode> compile(const CompileRequest& request) = 0;
};

/// Answers the PTX and host bodies that the source brings with it. Errors: compile_failed when it
/// brings neither.
class KeptCompiler final : public Compiler {
 public:
  runtime::Result<CompiledCode> compile(const CompileRequest& request) override;
};

}  // namespace thresher::gpu
