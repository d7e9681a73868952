// Child fibers of a scope: they live on its worker and have all ended before it ends.
//
// Children take over the locals (request, scope) of the fiber that made the scope, so that they
// share its request's context; they interleave with it only where they park. Joining is explicit,
// because a destructor must not park; `with_scope` does it on every way out. A process that ends
// unwinds youngest fibers first, children before the owner whose locals they use.
#pragma once

#include "thresher/runtime/base/unique_function.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <cstdint>
#include <utility>

namespace thresher::runtime {

/// Owned by one fiber and used on its worker only (asserted).
class Scope {
 public:
  /// `name` (a literal) names the children in reports. Requires: called on a fiber.
  Scope(Scheduler& scheduler, const char* name);
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  /// Asserts that all children have ended, unless the fiber unwinds.
  ~Scope();

  /// Starts a child on this worker. What leaves `body` is treated like what leaves any fiber.
  FiberId spawn(Task body);
  /// Parks until every child has ended. Not cancellable: cancel the token that the children use.
  void join();
  /// Children that have not ended.
  std::uint64_t running() const noexcept { return running_; }

 private:
  struct Child;
  void child_ended() noexcept;

  Scheduler& scheduler_;
  WorkerId worker_;
  Operation operation_;
  FiberLocals locals_;
  WaitList joiners_;
  std::uint64_t running_ = 0;
};

/// Runs `body(scope)`, joins its children however it is left, and gives its result or rethrows.
template <typename F>
decltype(auto) with_scope(Scheduler& scheduler, const char* name, F&& body) {
  struct Joiner {
    Scope scope;
    auto run(F& function) {
      try {
        return function(scope);
      } catch (const FiberUnwind&) {
        throw;  // The children are unwound too.
      } catch (...) {
        scope.join();
        throw;
      }
    }
  };
  Joiner joiner{Scope{scheduler, name}};
  if constexpr (std::is_void_v<decltype(joiner.run(body))>) {
    joiner.run(body);
    joiner.scope.join();
  } else {
    auto result = joiner.run(body);
    joiner.scope.join();
    return result;
  }
}

}  // namespace thresher::runtime
