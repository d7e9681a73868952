// The part of a persistent state that does not depend on its type: one record, its ETag, and the
// order of the operations on it.
//
// Operations of one state run one at a time, in order of arrival; a write that is still queued when
// another one starts is satisfied by that one, since a write stores what the state is when it
// starts (Orleans: StateStorageBridge). Belongs to the worker of its activation.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/storage/grain_storage.h"

#include <cstdint>
#include <string>

namespace thresher::runtime {

class StateOperations {
 public:
  /// Takes the bytes of a record that was read, or null when there is none.
  using Load = UniqueFunction<Result<void>(const Bytes*)>;
  /// Gives the bytes to write.
  using Save = UniqueFunction<Bytes()>;

  StateOperations(const Services& services, GrainStorage& storage, std::string state_name,
                  std::string grain_id);

  Result<void> read(Load load, const CancellationToken& token);
  Result<void> write(Save save, const CancellationToken& token);
  Result<void> clear(Load load, const CancellationToken& token);

  const std::string& state_name() const noexcept { return state_name_; }
  const std::string& etag() const noexcept { return etag_; }
  bool record_exists() const noexcept { return exists_; }

 private:
  StateKey key() const noexcept { return {state_name_, grain_id_}; }

  GrainStorage& storage_;
  std::string state_name_;
  std::string grain_id_;
  std::string etag_;
  bool exists_ = false;
  Mutex mutex_;
  /// Writes asked for so far, and how many of them the last successful one covers.
  std::uint64_t writes_asked_ = 0;
  std::uint64_t writes_covered_ = 0;
};

}  // namespace thresher::runtime
