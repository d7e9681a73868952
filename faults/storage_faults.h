// Faults of the storage seam, from a plan: calls that fail before or after they were applied,
// answer an ETag conflict, or are slow. Errors carry the mark.
#pragma once

#include "thresher/faults/injector.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/storage/grain_storage.h"

namespace thresher::faults {

class FaultyStorage final : public runtime::GrainStorage {
 public:
  /// All outlive this object.
  FaultyStorage(runtime::GrainStorage& inner, Injector& injector,
                runtime::Scheduler& scheduler) noexcept
      : inner_{inner}, injector_{injector}, scheduler_{scheduler} {}

  runtime::Result<runtime::StateRecord> read(const runtime::StateKey& key) override;
  runtime::Result<std::string> write(const runtime::StateKey& key,
                                     std::span<const std::byte> bytes,
                                     std::string_view etag) override;
  runtime::Result<void> clear(const runtime::StateKey& key, std::string_view etag) override;

 private:
  template <typename Forward>
  auto pass(StorageCall call, std::uint64_t bytes, Forward forward) -> decltype(forward());

  runtime::GrainStorage& inner_;
  Injector& injector_;
  runtime::Scheduler& scheduler_;
};

}  // namespace thresher::faults
