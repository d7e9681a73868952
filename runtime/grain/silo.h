// A silo: one process's grain runtime.
//
//   Silo silo{services, options};
//   silo.add_service(pool);
//   silo.register_grain<Counter>("counter");
//   silo.register_grain<ComputeGrain>("compute", [](GrainContext& context, AcceleratorPool& pool) {
//     return std::make_unique<ComputeGrain>(context, pool);
//   });
//   THRESHER_TRY_VOID(silo.start());
//   auto counter = silo.get_grain<ICounter>("a");
//
// Everything is registered before `start`, which reports what is wrong. References are then made
// and called on any fiber of the scheduler. Stop it before destroying it, on a fiber; when the
// world ends first, its fibers are unwound and nothing more is owed.
#pragma once

#include "thresher/runtime/codec/failure.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/grain/call_filter.h"
#include "thresher/runtime/grain/grain_class.h"
#include "thresher/runtime/grain/grain_ref.h"
#include "thresher/runtime/grain/method_table.h"
#include "thresher/runtime/grain/silo_options.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thresher::runtime {

class Silo {
 public:
  /// The seams outlive the silo and everything it runs.
  explicit Silo(const Services& services, SiloOptions options = {});
  Silo(const Silo&) = delete;
  Silo& operator=(const Silo&) = delete;
  /// Requires: it was stopped or killed, or its world ends.
  ~Silo();

  /// Registers class G under `type`, constructed by `factory`: a callable that gives a
  /// std::unique_ptr<G> and whose parameters are found when a grain is made: GrainContext&, Logger,
  /// const Services&, T& (a service), Named<T, "name">. Called on every worker. Requires: not
  /// started.
  template <typename G, typename Factory>
    requires(!std::is_same_v<Factory, GrainClassOptions>)
  void register_grain(std::string type, Factory factory, GrainClassOptions options = {}) {
    add_class(detail::describe_class<G>(std::move(type), std::move(factory), options));
  }
  /// The same for a class whose constructor takes the GrainContext& alone.
  template <typename G>
  void register_grain(std::string type, GrainClassOptions options = {}) {
    register_grain<G>(
        std::move(type), [](GrainContext& context) { return std::make_unique<G>(context); },
        options);
  }
  /// Registers a service for grain classes, borrowed, under its static type. Requires: not started.
  template <typename T>
  void add_service(T& service, std::string name = {}) {
    service_registry().add(service, std::move(name));
  }
  /// Requires: not started.
  void add_incoming_filter(std::unique_ptr<IncomingCallFilter> filter);
  void add_outgoing_filter(std::unique_ptr<OutgoingCallFilter> filter);
  /// Exception types that cross calls as themselves are registered here, before start.
  ExceptionRegistry& exceptions() noexcept;

  /// Checks the configuration and starts. Errors: configuration; `problems` then says in words what
  /// is wrong, and each is logged. Requires: on a fiber, not started.
  Result<void> start();
  const std::vector<std::string>& problems() const noexcept;
  /// Graceful end: no new activations, queued requests are refused, all activations are deactivated
  /// with reason shutting_down; what is not done by `deadline` is dropped. Errors: timeout when
  /// something was dropped. Requires: on a fiber. Idempotent.
  Result<void> stop(TimePoint deadline = no_deadline);
  /// Ends at once: no on_deactivate, no directory clean-up, calls end as `process_gone`. Instances
  /// whose turns still run go when those end. Requires: on a fiber.
  void kill();
  bool running() const noexcept;

  /// The reference to a grain by interface and key. Throws ErrorException (configuration) when no
  /// class or several serve the interface and `class_type` does not name one.
  template <GrainInterface I>
  GrainRef<I> get_grain(const KeyOf<I>& key, std::string_view class_type = {}) {
    return runtime::get_grain<I>(*core_, key, class_type);
  }
  /// The same as a Result.
  template <GrainInterface I>
  Result<GrainRef<I>> find_grain(const KeyOf<I>& key, std::string_view class_type = {}) {
    return runtime::find_grain<I>(*core_, key, class_type);
  }
  /// A reference by identity alone; whether its class serves the interface shows at the call.
  template <GrainInterface I>
  GrainRef<I> refer_to(GrainId id) noexcept {
    return GrainRef<I>{*core_, std::move(id)};
  }

  /// Asks a grain's activation, if there is one, to deactivate (Orleans: the management extension).
  /// Takes effect on the grain's worker.
  void deactivate(const GrainId& grain, DeactivationReason reason);
  /// Asks for the collection, now, of what has been idle for `age`; takes effect on each worker.
  void collect(Duration age);
  /// Activations that are not Invalid yet; zombies count.
  std::size_t activation_count() const noexcept;
  /// Calls made by fibers of the calling one's worker that have not ended for their callers.
  std::size_t pending_calls() const noexcept;
  const SiloOptions& options() const noexcept;
  Directory& directory() noexcept;
  SiloCore& core() noexcept { return *core_; }

 private:
  void add_class(std::unique_ptr<GrainClass> grain_class);
  ServiceRegistry& service_registry() noexcept;

  /// Lives on until the last fiber that works in it has ended.
  SiloCore* core_;
};

}  // namespace thresher::runtime
