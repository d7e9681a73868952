// State of a grain that outlives its activation: a value in memory, and the record behind it.
//
// A grain holds any number of them, each with its own name and storage. The value is read and
// changed in place through `state()`; only `read`, `write` and `clear` touch the storage. Nothing
// is written by itself. A failed write keeps the value and the ETag, so that the grain may retry or
// read again; after an ETag conflict every write conflicts until the next `read`. Independent of
// the grain runtime: grain_state.h ties it to an activation's life. Used on one worker, in turns.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/codec/encode.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/storage/grain_storage.h"
#include "thresher/runtime/storage/state_operations.h"

#include <concepts>
#include <string>
#include <utility>

namespace thresher::runtime {

/// The facet of Orleans' IPersistentState<T>. `.value()` of a result throws InconsistentStateError
/// for an ETag conflict; where that leaves a request, the runtime deactivates the activation.
template <std::default_initializable T>
class PersistentState {
 public:
  /// `storage` outlives the state. Requires: neither name is empty.
  PersistentState(const Services& services, GrainStorage& storage, std::string state_name,
                  std::string grain_id)
      : operations_{services, storage, std::move(state_name), std::move(grain_id)} {
    require_encodable<T>();
  }
  PersistentState(const PersistentState&) = delete;
  PersistentState& operator=(const PersistentState&) = delete;

  /// The value in memory.
  T& state() noexcept { return state_; }
  const T& state() const noexcept { return state_; }
  /// True when the last successful operation left a record in the storage.
  bool record_exists() const noexcept { return operations_.record_exists(); }
  /// The ETag of the record as last seen; empty when there is none.
  const std::string& etag() const noexcept { return operations_.etag(); }
  const std::string& state_name() const noexcept { return operations_.state_name(); }

  /// Replaces the value by the stored one, or by T{} when there is no record. Parks; the operations
  /// of one state run in order of arrival, and `token` ends only the wait for one's turn.
  /// Errors: decode_failed (value and ETag stay), storage_failed and the storage's others,
  /// cancelled.
  Result<void> read(const CancellationToken& token = {}) {
    return operations_.read([this](const Bytes* bytes) { return load(bytes); }, token);
  }

  /// Stores the value as it is when the write starts; a write that was still queued then counts as
  /// done with it. Errors: inconsistent_state when somebody else wrote the record, else as above;
  /// after all but inconsistent_state and cancelled the outcome is unknown.
  Result<void> write(const CancellationToken& token = {}) {
    return operations_.write([this] { return encode(state_); }, token);
  }

  /// Removes the record and makes the value T{}. Errors: as for write; then the value stays.
  Result<void> clear(const CancellationToken& token = {}) {
    return operations_.clear([this](const Bytes* bytes) { return load(bytes); }, token);
  }

 private:
  Result<void> load(const Bytes* bytes) {
    if (bytes == nullptr) {
      state_ = T{};
      return {};
    }
    THRESHER_TRY(loaded, decode<T>(*bytes));
    state_ = std::move(loaded);
    return {};
  }

  T state_{};
  StateOperations operations_;
};

}  // namespace thresher::runtime
