// Persistent state as a member of a grain: read before the grain activates.
//
// A read that fails fails the activation with the storage's error. Nothing is written when the
// grain deactivates: what shall outlive it is written by the grain. A conflict that leaves a
// request deactivates the activation, so that the next call reads what is stored.
#pragma once

#include "thresher/runtime/grain/grain_context.h"
#include "thresher/runtime/storage/persistent_state.h"

#include <string>
#include <utility>

namespace thresher::runtime {

/// One state of a grain, by its name within the class. Made in the grain's constructor (asserted by
/// the context) and destroyed with the grain; used in its turns.
///
///   class Account final : public Grain {
///    public:
///     Account(GrainContext& context, GrainStorage& storage)
///         : Grain{context}, balance_{context, storage, "balance"} {}
///     std::int64_t deposit(std::int64_t amount) {
///       balance_.state() += amount;
///       balance_.write().value();
///       return balance_.state();
///     }
///    private:
///     GrainState<std::int64_t> balance_;
///   };
template <typename T>
class GrainState final : public PersistentState<T>, private LifecycleParticipant {
 public:
  /// `storage` outlives the silo; by name it is taken as `Named<GrainStorage, "hot">`.
  GrainState(GrainContext& context, GrainStorage& storage, std::string state_name)
      : PersistentState<T>{context.services(), storage, std::move(state_name),
                           std::string{context.id().text()}} {
    context.join_lifecycle(lifecycle_stage::set_up_state, *this);
  }

 private:
  Result<void> on_start(CancellationToken token) override { return this->read(token); }
  Result<void> on_stop(CancellationToken) override { return {}; }
};

}  // namespace thresher::runtime
