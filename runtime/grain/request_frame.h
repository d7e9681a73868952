// The request that a fiber works for: found through FiberLocals::request, so that calls made
// anywhere below know their context, call chain and token. Child fibers of a request share it.
#pragma once

#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/grain/request_context.h"

#include <cstdint>
#include <optional>

namespace thresher::runtime {

class GrainContext;

/// Lives on the stack of the turn (or of a client's scope) for as long as it works.
struct RequestFrame {
  /// The activation that works, null for a client.
  GrainContext* grain = nullptr;
  RequestContext context;
  /// The id of the call chain's reentrant section, 0 for none; given to every call made here.
  std::uint64_t chain = 0;
  /// Cancelled when the caller cancels the request.
  CancellationToken token;
  /// Behind `token`, when the request can be cancelled.
  std::optional<CancellationSource> source;

  /// The frame of the calling fiber, null outside of any.
  static RequestFrame* current(Scheduler& scheduler) noexcept {
    return static_cast<RequestFrame*>(scheduler.locals().request);
  }
};

/// Gives a fiber outside of any grain a request context, for a scope.
class ClientScope {
 public:
  /// Requires: the fiber runs no request.
  explicit ClientScope(Scheduler& scheduler);
  ~ClientScope();
  ClientScope(const ClientScope&) = delete;
  ClientScope& operator=(const ClientScope&) = delete;
  RequestContext& context() noexcept { return frame_.context; }

 private:
  Scheduler& scheduler_;
  RequestFrame frame_;
};

/// The request context of the calling fiber. Requires: it runs a request or has a ClientScope.
RequestContext& request_context(Scheduler& scheduler);

}  // namespace thresher::runtime
