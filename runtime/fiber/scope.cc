// Child fibers of a scope: a count, and the wait of who joins. No lock, since all of a scope lives
// on one worker.
#include "thresher/runtime/fiber/scope.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

/// What a child's body holds while it runs: tells the scope when it is left, unwound or not.
struct Scope::Child {
  Scope& scope;
  ~Child() { scope.child_ended(); }
};

Scope::Scope(Scheduler& scheduler, const char* name)
    : scheduler_{scheduler},
      worker_{scheduler.current_worker()},
      operation_{.verb = "join", .name = name, .object = scheduler.new_object()},
      locals_{scheduler.locals()} {}

Scope::~Scope() { THRESHER_ASSERT(running_ == 0 || scheduler_.unwinding()); }

FiberId Scope::spawn(Task body) {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  ++running_;
  const SpawnOptions options{.worker = worker_, .name = operation_.name};
  return scheduler_.spawn(options, [this, task = std::move(body)]() mutable {
    const Child child{*this};
    scheduler_.locals() = locals_;
    task();
    task.reset();  // What it holds goes before the scope learns that it has ended.
  });
}

void Scope::join() {
  THRESHER_ASSERT(scheduler_.current_worker() == worker_);
  while (running_ > 0) {
    Wait wait{operation_};
    const WaitEntry entry{joiners_, wait};
    scheduler_.park_until(wait, no_deadline);
  }
}

void Scope::child_ended() noexcept {
  THRESHER_ASSERT(running_ > 0);
  if (--running_ > 0) return;
  while (Wait* const wait = joiners_.pop_front()) {
    scheduler_.unpark(*wait, WaitEnd::satisfied);
  }
}

}  // namespace thresher::runtime
