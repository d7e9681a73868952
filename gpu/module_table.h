// ModuleTable: the modules loaded into one context, with references.
//
// A module is loaded once for all accelerators of its context and unloaded when the last
// reference goes. Quarantined modules (abandoned work may still run them) keep a reference for
// good. Guarded by a short lock; loading and unloading happen between. A Hard or Full reset
// forgets all.
#pragma once

#include "thresher/gpu/code_cache.h"
#include "thresher/gpu/driver.h"
#include "thresher/gpu/pass.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <map>
#include <string_view>

namespace thresher::gpu {

class ModuleTable {
 public:
  /// The function of that name in the module made of `code`, with one reference more to the module.
  /// Tries the images in order; one whose kind the driver lacks is passed over. Parks. Errors:
  /// unsupported (no image fits), not_found (no such function), and the device's own.
  runtime::Result<FunctionHandle> load(Pass& pass, const CodeKey& key, const CodeReference& code,
                                       std::string_view function);
  /// Gives one reference back and unloads the module with the last. Parks.
  runtime::Result<void> release(Pass& pass, const CodeKey& key);
  /// The context is gone. Gives how many modules went.
  std::size_t forget() noexcept;
  std::size_t size() const noexcept;

 private:
  struct Module {
    ModuleHandle handle;
    CodeReference code;
    std::uint64_t references = 0;
  };

  runtime::Result<ModuleHandle> load_image(Pass& pass, const CodeReference& code);
  runtime::Result<ModuleHandle> refer(Pass& pass, const CodeKey& key, const CodeReference& code);

  mutable runtime::ShortLock lock_;
  std::map<CodeKey, Module> modules_;
};

}  // namespace thresher::gpu
