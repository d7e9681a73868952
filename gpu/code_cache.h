// CodeCache: compiled code on the host, one for all devices of a factory.
//
// The cache refers to code weakly; accelerators and loaded modules refer to it strongly. So
// code that nobody refers to goes, and what an accelerator refers to survives Hard and Full
// without compiling again. Any worker; compiling runs through run_blocking, never under the
// lock.
#pragma once

#include "thresher/gpu/compiler.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>

namespace thresher::gpu {

/// What code is cached by: source, options and architecture; hashes of the texts.
struct CodeKey {
  std::uint64_t source = 0;
  std::uint64_t options = 0;
  std::uint32_t arch = 0;
  friend auto operator<=>(const CodeKey&, const CodeKey&) = default;
};

/// Shared by the accelerators that loaded it and the modules made of it.
using CodeReference = std::shared_ptr<const CompiledCode>;

CodeKey key_of(const CompileRequest& request) noexcept;

class CodeCache {
 public:
  CodeCache(runtime::Services& services, Compiler& compiler) noexcept
      : services_{services}, compiler_{compiler} {}

  /// The code, compiled if nobody refers to it now. Parks. Errors: compile_failed, timeout,
  /// unavailable.
  runtime::Result<CodeReference> get(const CompileRequest& request, runtime::TimePoint deadline);
  /// Compiled sources that somebody refers to.
  std::size_t size() const;
  /// Times the compiler was called.
  std::uint64_t compiles() const noexcept;

 private:
  runtime::Services& services_;
  Compiler& compiler_;
  mutable runtime::ShortLock lock_;
  std::map<CodeKey, std::weak_ptr<const CompiledCode>> codes_;
  std::uint64_t compiles_ = 0;
};

}  // namespace thresher::gpu
