// Records in a map. ETags count the writes of the whole storage, so that a record that was cleared
// and written again never has an ETag that it had before.
#include "thresher/runtime/storage/memory_storage.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

namespace thresher::runtime {

namespace {

std::pair<std::string, std::string> owned(const StateKey& key) {
  return {std::string{key.state_name}, std::string{key.grain_id}};
}

}  // namespace

MemoryStorage::MemoryStorage(const Services& services, MemoryStorageOptions options)
    : scheduler_{services.scheduler}, options_{options}, object_{scheduler_.new_object()} {
  THRESHER_ASSERT(options_.read_delay >= Duration{0});
  THRESHER_ASSERT(options_.write_delay >= Duration{0});
  THRESHER_ASSERT(options_.clear_delay >= Duration{0});
}

Result<StateRecord> MemoryStorage::read(const StateKey& key) {
  THRESHER_TRY_VOID(arrive("read", key, options_.read_delay));
  const std::lock_guard lock{mutex_};
  const auto found = records_.find(owned(key));
  if (found == records_.end()) return StateRecord{};
  const Record& record = found->second;
  THRESHER_ASSERT(!record.etag.empty());
  return StateRecord{.bytes = record.bytes, .etag = record.etag, .exists = true};
}

Result<std::string> MemoryStorage::write(const StateKey& key, std::span<const std::byte> bytes,
                                         std::string_view etag) {
  THRESHER_TRY_VOID(arrive("write", key, options_.write_delay));
  const std::lock_guard lock{mutex_};
  Key own = owned(key);
  if (current_etag(own) != etag) return fail(Errc::inconsistent_state);
  Record& record = records_[std::move(own)];
  record.bytes.assign(bytes.begin(), bytes.end());
  record.etag = std::to_string(++writes_);
  return record.etag;
}

Result<void> MemoryStorage::clear(const StateKey& key, std::string_view etag) {
  THRESHER_TRY_VOID(arrive("clear", key, options_.clear_delay));
  const std::lock_guard lock{mutex_};
  const Key own = owned(key);
  if (current_etag(own) != etag) return fail(Errc::inconsistent_state);
  records_.erase(own);
  return {};
}

std::size_t MemoryStorage::size() const {
  const std::lock_guard lock{mutex_};
  return records_.size();
}

Result<void> MemoryStorage::arrive(const char* verb, const StateKey& key, Duration delay) {
  THRESHER_ASSERT(!key.state_name.empty());
  THRESHER_ASSERT(!key.grain_id.empty());
  if (scheduler_.unwinding()) return fail(Errc::process_gone);
  scheduler_.touch(Operation{.verb = verb,
                             .name = "storage.memory",
                             .object = object_,
                             .reads_only = std::string_view{verb} == "read"});
  if (delay > Duration{0}) THRESHER_TRY_VOID(sleep_for(scheduler_, delay));
  return {};
}

std::string_view MemoryStorage::current_etag(const Key& key) const {
  const auto found = records_.find(key);
  return found == records_.end() ? std::string_view{} : std::string_view{found->second.etag};
}

}  // namespace thresher::runtime
