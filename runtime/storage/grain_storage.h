// The seam for grain state: where records of grains are read, written and cleared.
//
// The contract follows Orleans' IGrainStorage: a record belongs to (state name, grain id) and
// carries an ETag that changes with every write. Who writes or clears says which ETag it has seen;
// if the record has another one, somebody else wrote, and nothing is changed. One contract suite
// (property_tests/contract/grain_storage_contract.h) runs over every provider.
//
// Providers are shared by all grains of a silo: any worker, several calls at once. Calls park the
// calling fiber; arguments must live until the call returns. A write whose call fails with anything
// but inconsistent_state may or may not have been applied.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/bytes.h"

#include <span>
#include <string>
#include <string_view>

namespace thresher::runtime {

/// Names one state of one grain.
struct StateKey {
  /// Name of the state within the grain class; never empty.
  std::string_view state_name;
  /// The grain's id as text (`type/key`); never empty.
  std::string_view grain_id;
};

/// A record as it was read.
struct StateRecord {
  Bytes bytes;
  /// Opaque; empty exactly when there is no record.
  std::string etag;
  bool exists = false;
};

class GrainStorage {
 public:
  virtual ~GrainStorage() = default;

  /// The record, or one with `exists` false when there is none (no error).
  /// Errors: storage_failed, unavailable, timeout, process_gone.
  virtual Result<StateRecord> read(const StateKey& key) = 0;

  /// Replaces the record and gives its new ETag, never empty. `etag` is the one last seen; empty
  /// says that there is no record yet. Errors: inconsistent_state when the record has another ETag
  /// (nothing is changed), and those of read.
  virtual Result<std::string> write(const StateKey& key, std::span<const std::byte> bytes,
                                    std::string_view etag) = 0;

  /// Removes the record; afterwards the ETag is empty. Clearing what is not there succeeds with an
  /// empty ETag. Errors: those of write.
  virtual Result<void> clear(const StateKey& key, std::string_view etag) = 0;
};

}  // namespace thresher::runtime
