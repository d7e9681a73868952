// Deadlocks in words: who waits on what, and who holds it. Long lists are cut; the first entries
// are the oldest fibers.
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/sim_scheduler.h"

#include <string>

namespace thresher::sim {
namespace {

constexpr std::size_t lines_max = 32;
constexpr std::size_t cycle_max = 64;

}  // namespace

std::string SimScheduler::describe_wait(const SimFiber& fiber) const {
  std::string text = std::string{"'"} + fiber.name + "' waits: ";
  if (fiber.wait == nullptr) return text + "nothing";
  const runtime::Operation& operation = fiber.wait->operation();
  text += std::string{operation.verb} + " '" + operation.name + "'";
  if (operation.object.value != 0) text += " (#" + std::to_string(operation.object.value) + ")";
  if (const SimFiber* const holder = holds_.holder(operation.object)) {
    text += std::string{", held by '"} + holder->name + "'";
  }
  return text;
}

void SimScheduler::report_deadlock() {
  THRESHER_ASSERT(ready_count_ == 0);
  std::string message = "all foreground fibers wait and nothing can wake them";
  std::size_t lines = 0;
  for (const SimFiber* fiber = first_; fiber != nullptr; fiber = fiber->after) {
    if (fiber->background || fiber->wait == nullptr) continue;
    if (++lines > lines_max) continue;
    message += "\n  " + describe_wait(*fiber);
  }
  if (lines > lines_max) message += "\n  and " + std::to_string(lines - lines_max) + " more";
  checks_.fail(Verdict::liveness, "deadlock", std::move(message));
}

void SimScheduler::check_cycle(SimFiber& self) {
  // Only waits without a deadline: the others end by themselves.
  const SimFiber* fiber = &self;
  bool found = false;
  for (std::size_t hops = 0; hops < cycle_max && !found; ++hops) {
    const SimFiber* const holder = holds_.holder(fiber->wait->operation().object);
    if (holder == nullptr || holder->wait == nullptr) return;
    if (holder->timer_slot != TimerHeap::no_slot) return;
    found = holder == &self;
    fiber = holder;
  }
  if (!found) return;
  std::string message = "fibers wait for each other in a cycle";
  do {
    message += "\n  " + describe_wait(*fiber);
    fiber = holds_.holder(fiber->wait->operation().object);
  } while (fiber != &self);
  checks_.fail(Verdict::liveness, "deadlock", std::move(message));
  end_world();
}

}  // namespace thresher::sim
