// What a silo is told at its making. Every constant of the runtime is here, with Orleans' default,
// and its source where it is not obvious.
#pragma once

#include "thresher/runtime/base/time.h"
#include "thresher/runtime/grain/directory.h"
#include "thresher/runtime/grain/grain_address.h"
#include "thresher/runtime/grain/request_view.h"

#include <chrono>
#include <cstdint>

namespace thresher::runtime {

struct SiloOptions {
  SiloAddress address{};
  /// A call without an answer ends as `timeout` after this long (outcome unknown): found by a sweep
  /// at most 1 ms late while the worker runs, never early.
  Duration response_timeout = std::chrono::seconds{30};
  /// After this long the token given to on_activate is cancelled and the activation fails.
  Duration activation_timeout = std::chrono::seconds{30};
  /// Counts from the request to deactivate; then on_deactivate's token is cancelled and it is no
  /// longer waited for.
  Duration deactivation_timeout = std::chrono::seconds{30};
  /// How long a grain whose activation failed answers with that failure at once.
  Duration failed_activation_delay = std::chrono::seconds{5};
  /// Idle activations are collected at this age; a class may have its own.
  Duration collection_age = std::chrono::minutes{15};
  /// How often the collector looks. Requires: below every collection age.
  Duration collection_quantum = std::chrono::minutes{1};
  /// A request that runs longer while another waits for it makes its activation a zombie.
  Duration max_request_processing_time = std::chrono::hours{2};
  /// Running and waiting requests of one activation: past the soft limit a warning is logged, past
  /// the hard one requests are refused as `overloaded`. 0 is off.
  std::uint32_t enqueued_requests_soft_max = 0;
  std::uint32_t enqueued_requests_hard_max = 0;
  /// Also encode, decode and compare the arguments and results of local calls (simulation).
  bool verify_encoding = false;
  /// Tell the scheduler which turn holds which grain, so that a simulated world reports a cycle of
  /// calls by name at once, where the runtime's own answer is the response timeout.
  bool report_call_cycles = false;
  /// The cluster's directory, borrowed; null keeps rows within the silo.
  Directory* directory = nullptr;
};

/// How the runtime treats the activations of one class.
struct GrainClassOptions {
  /// Requests may interleave at every wait (Orleans: [Reentrant]).
  bool reentrant = false;
  /// Never collected by age (Orleans: [KeepAlive]).
  bool keep_alive = false;
  /// Zero takes the silo's age.
  Duration collection_age{0};
  /// True when a request may interleave with the others although the class is not reentrant
  /// (Orleans: [MayInterleave]). Asked for the incoming request and for the one that blocks it;
  /// what it throws refuses the request. Null is none.
  bool (*may_interleave)(const RequestView& request) = nullptr;
};

}  // namespace thresher::runtime
