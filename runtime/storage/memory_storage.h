// A GrainStorage that keeps records in memory, with delays in the scheduler's time.
//
// For tests, simulation and silos whose state may die with them. Nothing fails here by itself:
// faults are the business of the wrapper in faults/. Each call is a schedule point that names the
// storage, first waits its delay, then acts in one step.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/storage/grain_storage.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace thresher::runtime {

/// How long calls take before they act.
struct MemoryStorageOptions {
  Duration read_delay{0};
  Duration write_delay{0};
  Duration clear_delay{0};
};

class MemoryStorage final : public GrainStorage {
 public:
  explicit MemoryStorage(const Services& services, MemoryStorageOptions options = {});

  Result<StateRecord> read(const StateKey& key) override;
  Result<std::string> write(const StateKey& key, std::span<const std::byte> bytes,
                            std::string_view etag) override;
  Result<void> clear(const StateKey& key, std::string_view etag) override;

  /// Number of records; any thread.
  std::size_t size() const;

 private:
  struct Record {
    Bytes bytes;
    std::string etag;
  };
  using Key = std::pair<std::string, std::string>;

  /// The schedule point and the delay. Errors: process_gone.
  Result<void> arrive(const char* verb, const StateKey& key, Duration delay);
  /// The ETag of the record, empty when there is none. Requires: the lock is held.
  std::string_view current_etag(const Key& key) const;

  Scheduler& scheduler_;
  MemoryStorageOptions options_;
  ObjectId object_;
  // Held for one step on the map, never over a park.
  mutable std::mutex mutex_;
  std::map<Key, Record> records_;
  std::uint64_t writes_ = 0;
};

}  // namespace thresher::runtime
