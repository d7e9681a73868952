// A conflict is answered without applying, as a provider does; a failure after applying leaves the
// record changed and the caller without its new ETag, which is what makes it hard.
#include "thresher/faults/storage_faults.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

namespace thresher::faults {

using runtime::Errc;

namespace {

runtime::Unexpected<runtime::Error> injected(Errc code) {
  runtime::Error error = runtime::make_error(code);
  error.injected = true;
  return runtime::Unexpected{error};
}

}  // namespace

template <typename Forward>
auto FaultyStorage::pass(StorageCall call, std::uint64_t bytes, Forward forward)
    -> decltype(forward()) {
  const auto effect = injector_.pass({.kind = PointKind::storage,
                                      .storage = call,
                                      .bytes = bytes,
                                      .now = scheduler_.now()});
  if (!effect) return forward();
  if (effect->kind == FaultKind::storage_fails_before) return injected(Errc::storage_failed);
  if (effect->kind == FaultKind::storage_conflict) return injected(Errc::inconsistent_state);
  if (effect->kind == FaultKind::storage_slow) {
    THRESHER_TRY_VOID(runtime::sleep_for(scheduler_, effect->duration));
    return forward();
  }
  THRESHER_ASSERT(effect->kind == FaultKind::storage_fails_after);
  if (auto applied = forward(); !applied) return applied;
  return injected(Errc::storage_failed);
}

runtime::Result<runtime::StateRecord> FaultyStorage::read(const runtime::StateKey& key) {
  return pass(StorageCall::read, 0, [&] { return inner_.read(key); });
}

runtime::Result<std::string> FaultyStorage::write(const runtime::StateKey& key,
                                                  std::span<const std::byte> bytes,
                                                  std::string_view etag) {
  return pass(StorageCall::write, bytes.size(), [&] { return inner_.write(key, bytes, etag); });
}

runtime::Result<void> FaultyStorage::clear(const runtime::StateKey& key, std::string_view etag) {
  return pass(StorageCall::clear, 0, [&] { return inner_.clear(key, etag); });
}

}  // namespace thresher::faults
