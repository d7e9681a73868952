// ModuleTable: a map under a short lock, with driver calls between.
//
// References are counted before loading is over, never after unloading began.
#include "thresher/gpu/module_table.h"

#include "thresher/runtime/base/assert.h"

#include <mutex>
#include <optional>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

using Guard = std::lock_guard<runtime::ShortLock>;

bool is(const runtime::Error& error, DriverResult code) {
  return error.driver_code == static_cast<std::uint16_t>(code);
}

}  // namespace

Result<ModuleHandle> ModuleTable::load_image(Pass& pass, const CodeReference& code) {
  for (const CodeImage& image : code->images) {
    // The code is kept alive by the call: the driver may read the image after we gave up.
    Result<ModuleHandle> loaded = pass.blocking(
        DriverCall::module_load, [code, &image](Driver& driver, ContextHandle context) {
          return driver.module_load(context, ModuleImage{image.kind, image.bytes, image.host});
        });
    if (loaded || !is(loaded.error(), DriverResult::not_supported)) return loaded;
  }
  return fail(Errc::unsupported);
}

Result<ModuleHandle> ModuleTable::refer(Pass& pass, const CodeKey& key,
                                        const CodeReference& code) {
  {
    const Guard guard{lock_};
    const auto at = modules_.find(key);
    if (at != modules_.end()) {
      ++at->second.references;
      return at->second.handle;
    }
  }
  THRESHER_TRY(fresh, load_image(pass, code));
  std::optional<ModuleHandle> surplus;
  ModuleHandle handle = fresh;
  {
    const Guard guard{lock_};
    const auto [at, inserted] = modules_.try_emplace(key, Module{fresh, code, 0});
    ++at->second.references;
    handle = at->second.handle;
    if (!inserted) surplus = fresh;
  }
  // Another accelerator of the context loaded the same while we did.
  if (surplus) {
    THRESHER_TRY_VOID(pass.blocking(DriverCall::module_unload,
                                    [module = *surplus](Driver& driver, ContextHandle context) {
                                      return driver.module_unload(context, module);
                                    }));
  }
  return handle;
}

Result<FunctionHandle> ModuleTable::load(Pass& pass, const CodeKey& key, const CodeReference& code,
                                         std::string_view function) {
  THRESHER_TRY(module, refer(pass, key, code));
  Result<FunctionHandle> found = pass.prompt(
      DriverCall::module_function, [module, function](Driver& driver, ContextHandle context) {
        return driver.module_function(context, module, function);
      });
  if (found) return found;
  runtime::Error error = found.error();
  if (is(error, DriverResult::not_found)) error.code = Errc::not_found;
  if (error.code == Errc::not_found) THRESHER_TRY_VOID(release(pass, key));
  return runtime::Unexpected{error};
}

Result<void> ModuleTable::release(Pass& pass, const CodeKey& key) {
  ModuleHandle last;
  {
    const Guard guard{lock_};
    const auto at = modules_.find(key);
    THRESHER_ASSERT(at != modules_.end());
    THRESHER_ASSERT(at->second.references > 0);
    if (--at->second.references > 0) return {};
    last = at->second.handle;
    modules_.erase(at);
  }
  return pass.blocking(DriverCall::module_unload, [last](Driver& driver, ContextHandle context) {
    return driver.module_unload(context, last);
  });
}

std::size_t ModuleTable::forget() noexcept {
  const Guard guard{lock_};
  const std::size_t count = modules_.size();
  modules_.clear();
  return count;
}

std::size_t ModuleTable::size() const noexcept {
  const Guard guard{lock_};
  return modules_.size();
}

}  // namespace thresher::gpu
