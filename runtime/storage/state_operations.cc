// What a provider answers or throws becomes one of the few errors that a grain can react to. The
// lock is held over the provider's call, which parks: that is what keeps operations in order.
#include "thresher/runtime/storage/state_operations.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace thresher::runtime {

namespace {

/// Codes that mean the same to a grain whoever says them. A provider's other codes are its own
/// affair: its `capacity`, say, must not be taken for that of a device.
constexpr std::array passed_on{
    Errc::inconsistent_state, Errc::storage_failed, Errc::timeout,      Errc::cancelled,
    Errc::process_gone,       Errc::unavailable,    Errc::overloaded,   Errc::closed,
};

Error wrapped(Error error) {
  const bool known = std::find(passed_on.begin(), passed_on.end(), error.code) != passed_on.end();
  if (!known) error.code = Errc::storage_failed;
  return error;
}

/// Calls the provider; what it throws or answers as an error comes back wrapped.
template <typename Call>
auto ask(Call&& call) -> decltype(call()) {
  try {
    auto result = call();
    if (!result) return Unexpected{wrapped(result.error())};
    return result;
  } catch (const ErrorException& thrown) {
    return Unexpected{wrapped(thrown.error())};
  } catch (const std::exception&) {
    return fail(Errc::storage_failed);
  }
}

}  // namespace

StateOperations::StateOperations(const Services& services, GrainStorage& storage,
                                 std::string state_name, std::string grain_id)
    : storage_{storage},
      state_name_{std::move(state_name)},
      grain_id_{std::move(grain_id)},
      mutex_{services.scheduler, "state"} {
  THRESHER_ASSERT(!state_name_.empty());
  THRESHER_ASSERT(!grain_id_.empty());
}

Result<void> StateOperations::read(Load load, const CancellationToken& token) {
  THRESHER_TRY_VOID(mutex_.lock(token));
  const MutexLock lock{mutex_};
  THRESHER_TRY(record, ask([&] { return storage_.read(key()); }));
  THRESHER_ASSERT(record.exists == !record.etag.empty());
  // The ETag follows the value: bytes that do not decode leave both as they were.
  THRESHER_TRY_VOID(load(record.exists ? &record.bytes : nullptr));
  etag_ = std::move(record.etag);
  exists_ = record.exists;
  writes_covered_ = 0;
  return {};
}

Result<void> StateOperations::write(Save save, const CancellationToken& token) {
  const std::uint64_t mine = ++writes_asked_;
  THRESHER_TRY_VOID(mutex_.lock(token));
  const MutexLock lock{mutex_};
  if (mine <= writes_covered_) return {};
  const std::uint64_t covers = writes_asked_;
  const Bytes bytes = save();
  THRESHER_TRY(etag, ask([&] { return storage_.write(key(), bytes, etag_); }));
  THRESHER_ASSERT(!etag.empty());
  etag_ = std::move(etag);
  exists_ = true;
  writes_covered_ = covers;
  return {};
}

Result<void> StateOperations::clear(Load load, const CancellationToken& token) {
  THRESHER_TRY_VOID(mutex_.lock(token));
  const MutexLock lock{mutex_};
  THRESHER_TRY_VOID(ask([&] { return storage_.clear(key(), etag_); }));
  etag_.clear();
  exists_ = false;
  // A write that was asked for before must still happen: the record it would have been covered by
  // is gone.
  writes_covered_ = 0;
  return load(nullptr);
}

}  // namespace thresher::runtime
