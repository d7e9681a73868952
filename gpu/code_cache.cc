// CodeCache and the compiler that answers what is kept beside the source.
//
// Two workers may compile the same at once; the later result replaces the earlier.
#include "thresher/gpu/code_cache.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::hash_name;
using runtime::Result;

namespace {
using Guard = std::lock_guard<runtime::ShortLock>;
}  // namespace

CodeKey key_of(const CompileRequest& request) noexcept {
  const KernelSource& source = request.source;
  std::uint64_t hash = runtime::combine(hash_name(source.source), hash_name(source.ptx));
  if (source.host != nullptr) hash = runtime::combine(hash, hash_name(source.host->name));
  return CodeKey{.source = hash,
                 .options = hash_name(request.options),
                 .arch = request.compute_major * 10 + request.compute_minor};
}

Result<CodeReference> CodeCache::get(const CompileRequest& request, runtime::TimePoint deadline) {
  const CodeKey key = key_of(request);
  {
    const Guard guard{lock_};
    const auto at = codes_.find(key);
    if (at != codes_.end()) {
      if (CodeReference code = at->second.lock()) return code;
    }
    ++compiles_;
  }
  // Owned by the helper as well: a compile past its deadline goes on behind our back.
  auto compiled = std::make_shared<std::optional<Result<CompiledCode>>>();
  THRESHER_TRY_VOID(services_.scheduler.run_blocking(
      "compile", [compiled, &compiler = compiler_,
                  request] { compiled->emplace(compiler.compile(request)); },
      deadline));
  THRESHER_ASSERT(compiled->has_value());
  Result<CompiledCode>& outcome = **compiled;
  if (!outcome) return runtime::Unexpected{outcome.error()};
  THRESHER_ASSERT(!outcome->images.empty());
  CodeReference code = std::make_shared<const CompiledCode>(std::move(*outcome));
  const Guard guard{lock_};
  std::erase_if(codes_, [](const auto& entry) { return entry.second.expired(); });
  codes_[key] = code;
  return code;
}

std::size_t CodeCache::size() const {
  const Guard guard{lock_};
  return static_cast<std::size_t>(std::ranges::count_if(
      codes_, [](const auto& entry) { return !entry.second.expired(); }));
}

std::uint64_t CodeCache::compiles() const noexcept {
  const Guard guard{lock_};
  return compiles_;
}

Result<CompiledCode> KeptCompiler::compile(const CompileRequest& request) {
  CompiledCode code;
  const KernelSource& source = request.source;
  if (!source.ptx.empty()) {
    // The driver's loader wants the text with its terminating zero.
    const auto text = std::as_bytes(std::span{source.ptx});
    std::vector<std::byte> bytes{text.begin(), text.end()};
    bytes.push_back(std::byte{0});
    code.images.push_back({ImageKind::ptx, std::move(bytes), nullptr});
  }
  if (source.host != nullptr) code.images.push_back({ImageKind::host, {}, source.host});
  if (code.images.empty()) return fail(Errc::compile_failed);
  return code;
}

}  // namespace thresher::gpu
