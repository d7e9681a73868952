// What every parking call of the accelerator layer takes besides its arguments.
//
// A value; what it carries (token, authority) is shared with who gave it.
#pragma once

#include "thresher/gpu/authority.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/cancellation.h"

namespace thresher::gpu {

/// Written at the call: `{.token = context.token, .deadline = at}`. The default waits for ever, is
/// not cancellable and always authorised.
struct CallOptions {
  /// Ends waits; what the device was given goes on, and is cleaned up behind the caller.
  runtime::CancellationToken token{};
  runtime::TimePoint deadline = runtime::no_deadline;
  Authority authority{};

  /// Work that must finish: no token, this deadline.
  static CallOptions until(runtime::TimePoint at) { return CallOptions{{}, at, {}}; }
};

}  // namespace thresher::gpu
