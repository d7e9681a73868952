// The admission rule: whether a request may start while others of its activation run.
//
// The steps and their order are Orleans' (ActivationData.MayInvokeRequest). One thing differs on
// purpose: when the blocking request ends while others that block still run, the oldest of those
// becomes the blocking one, where Orleans has none for a while and would let anything in.
#pragma once

#include "thresher/runtime/grain/message.h"
#include "thresher/runtime/grain/silo_options.h"

#include <cstdint>

namespace thresher::runtime {

enum class Admission : std::uint8_t {
  admit,
  wait,
  refuse,  ///< The may_interleave predicate threw.
};

/// What runs, as the rule sees it.
struct RunningView {
  bool nothing_runs = true;
  /// The request that others must ask; null when only always-interleaving ones run.
  Message* blocking = nullptr;
  /// The incoming request's call chain has a reentrant section open here.
  bool chain_is_open = false;
};

Admission admit(Message& incoming, const RunningView& running, const GrainClassOptions& options);

/// True when no other request can pass this rule while one blocks, whatever is waiting: then the
/// rest of the queue need not be looked at.
bool only_special_requests_pass(const GrainClassOptions& options) noexcept;
/// True when the request may pass a blocking one by what it is itself.
bool is_special(const Message& message) noexcept;

}  // namespace thresher::runtime
