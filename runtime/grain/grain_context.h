// What the runtime offers to one activation: the face that a grain, its facets (persistent state)
// and unit tests of grains meet. The runtime implements it; a test may implement its own and so run
// a grain without a silo.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/grain/deactivation_reason.h"
#include "thresher/runtime/grain/grain_address.h"
#include "thresher/runtime/grain/grain_timer.h"
#include "thresher/runtime/grain/logger.h"

#include <cstdint>
#include <limits>

namespace thresher::runtime {

class SiloCore;

/// Stages of an activation's life, started upwards before on_activate and stopped downwards after
/// on_deactivate (Orleans: GrainLifecycleStage). Any number between is a stage of one's own.
namespace lifecycle_stage {
inline constexpr int first = std::numeric_limits<int>::min();
/// Persistent state is read here.
inline constexpr int set_up_state = 1000;
inline constexpr int activate = 2000;
inline constexpr int last = std::numeric_limits<int>::max();
}  // namespace lifecycle_stage

/// A part of a grain that takes part in its activation and deactivation.
class LifecycleParticipant {
 public:
  virtual ~LifecycleParticipant() = default;
  /// A failure fails the activation. The token is cancelled by the activation timeout.
  virtual Result<void> on_start(CancellationToken token) = 0;
  /// Called only if its on_start succeeded. A failure is logged.
  virtual Result<void> on_stop(CancellationToken token) = 0;
};

/// Used on the activation's worker only.
class GrainContext {
 public:
  virtual ~GrainContext() = default;

  virtual const GrainId& id() const noexcept = 0;
  virtual ActivationId activation() const noexcept = 0;
  virtual const Services& services() const noexcept = 0;
  virtual const Logger& logger() const noexcept = 0;
  /// The silo that references made by the grain call through.
  virtual SiloCore& silo() const noexcept = 0;
  /// Adds a part; it must live as long as the grain. In the constructor only; parts of one stage
  /// start in the order of joining.
  virtual void join_lifecycle(int stage, LifecycleParticipant& part) = 0;
  /// Deactivates as soon as no request runs; later calls meet a new activation. The first reason
  /// wins. Never parks.
  virtual void deactivate(DeactivationReason reason) = 0;
  /// Not collected by age before now + `span`; 0 takes a former delay back, `forever` is allowed.
  virtual void delay_deactivation(Duration span) = 0;
  /// Errors: invalid_argument for negative spans other than `timer_off`, closed once deactivating.
  virtual Result<GrainTimer> register_timer(TimerOptions options, TimerCallback callback) = 0;
  /// Lets calls of chain `chain` in while the section is open; used by AllowCallChainReentrancy.
  virtual void open_section(std::uint64_t chain) = 0;
  virtual void close_section(std::uint64_t chain) noexcept = 0;
  /// A fresh id for a call chain.
  virtual std::uint64_t new_chain() noexcept = 0;
};

}  // namespace thresher::runtime
