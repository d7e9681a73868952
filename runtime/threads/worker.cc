// A worker's loop, its switches and the unwinding of its fibers. `running_` is the fiber whose code
// runs, null in the idle loop; whoever switches away sets it for the one that enters.
#include "thresher/runtime/threads/worker.h"

#include <chrono>
#include <utility>

namespace thresher::runtime::detail {
namespace {

/// The worker that owns this OS thread: how a fiber finds where it runs.
thread_local Worker* worker_of_thread = nullptr;

TimePoint monotonic_now() noexcept {
  return TimePoint{std::chrono::steady_clock::now().time_since_epoch()};
}

}  // namespace

Worker::Worker(WorkerShared& shared, Scheduler& scheduler, WorkerId id)
    : shared_{shared},
      scheduler_{scheduler},
      id_{id},
      last_object_{(std::uint64_t{id.value} + 1) << 40},
      thread_{[this] { thread_main(); }} {}

Worker::~Worker() { THRESHER_ASSERT(!thread_.joinable()); }

Worker* Worker::of_this_thread() noexcept { return worker_of_thread; }

// Starting and ending fibers.

ThreadFiber& Worker::make_fiber() {
  if (free_.empty()) return *new ThreadFiber;
  ThreadFiber* const fiber = free_.back().release();
  free_.pop_back();
  return *fiber;
}

void Worker::adopt(ThreadFiber& fiber) noexcept {
  fiber.worker = this;
  live_.push_back(fiber);
}

void Worker::spawn(const SpawnOptions& options, FiberId id, Task body) {
  ThreadFiber& fiber = make_fiber();
  fiber.id = id;
  fiber.name = options.name;
  fiber.background = options.background;
  fiber.body = std::move(body);
  adopt(fiber);
  ready(fiber);
}

void Worker::run_body(ThreadFiber& fiber) {
  try {
    fiber.body();
  } catch (const FiberUnwind&) {
    THRESHER_ASSERT(victim_ == &fiber);
  }
  fiber.body.reset();
}

void Worker::end(ThreadFiber& fiber) noexcept {
  const bool background = fiber.background;
  live_.remove(fiber);
  fiber.carrier = nullptr;
  fiber.locals = {};
  fiber.unwound = 0;
  free_.emplace_back(&fiber);
  if (background) return;
  const std::uint64_t before = shared_.foreground.fetch_sub(1, std::memory_order_acq_rel);
  THRESHER_ASSERT(before > 0);
  if (before == 1) shared_.outside.wake();
}

Carrier* Worker::run(Carrier& self) noexcept {
  auto* fiber = static_cast<ThreadFiber*>(self.user);
  while (true) {
    running_ = fiber;
    if (victim_ == fiber) {
      fiber->body.reset();  // It never ran: what it holds is let go in its place of the order.
    } else {
      run_body(*fiber);
    }
    end(*fiber);
    running_ = nullptr;
    fiber = pick();
    if (fiber == nullptr) return nullptr;
    if (fiber->carrier != nullptr) return fiber->carrier;
    fiber->carrier = &self;  // A fresh fiber: no switch, the same stack goes on.
    self.user = fiber;
  }
}

const char* Worker::running_name() const noexcept {
  return running_ == nullptr ? "scheduler" : running_->name;
}

// Choosing and switching.

void Worker::post(ThreadFiber& fiber) noexcept {
  ThreadFiber* head = inbox_.load(std::memory_order_relaxed);
  do {
    fiber.next_ready = head;
  } while (!inbox_.compare_exchange_weak(head, &fiber, std::memory_order_seq_cst,
                                         std::memory_order_relaxed));
  sleeper_.wake();
}

void Worker::receive() noexcept {
  if (inbox_.load(std::memory_order_relaxed) == nullptr) return;
  ThreadFiber* newest = inbox_.exchange(nullptr, std::memory_order_acquire);
  ThreadFiber* oldest = nullptr;
  while (newest != nullptr) {  // The inbox is a stack; who came first runs first.
    ThreadFiber* const next = newest->next_ready;
    newest->next_ready = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    ThreadFiber* const next = oldest->next_ready;
    if (!oldest->listed) adopt(*oldest);
    ready(*oldest);
    oldest = next;
  }
}

void Worker::poll() noexcept {
  receive();
  if (timers_.empty()) return;
  const TimePoint now = monotonic_now();
  while (Wait* const wait = timers_.pop_due(now)) {
    scheduler_.unpark(*wait, WaitEnd::timed_out);
  }
}

ThreadFiber* Worker::pick() noexcept {
  if (shared_.ending.load(std::memory_order_relaxed)) return nullptr;
  if (ready_.empty() || ++picks_ % polls_every == 0) poll();
  return ready_.pop();
}

Carrier* Worker::carrier_of(ThreadFiber& fiber) {
  if (fiber.carrier == nullptr) {
    fiber.carrier = &carriers_->take();
    fiber.carrier->user = &fiber;
  }
  return fiber.carrier;
}

void Worker::switch_away(ThreadFiber& self) noexcept {
  ThreadFiber* const next = pick();
  if (next == &self) return;
  running_ = next;
  carriers_->go(next == nullptr ? nullptr : carrier_of(*next));
  running_ = &self;
}

WaitEnd Worker::park(Wait& wait, TimePoint deadline) {
  ThreadFiber& self = running();
  if (shared_.ending.load(std::memory_order_relaxed)) unwind_here(self);
  wait.slot.fiber = &self;
  if (deadline != no_deadline) timers_.add(wait, deadline);
  std::uint8_t state = Wait::Slot::armed;
  if (wait.slot.state.compare_exchange_strong(state, Wait::Slot::parked,
                                              std::memory_order_acq_rel)) {
    switch_away(self);
  }
  if (wait.slot.timer != 0) timers_.remove(wait);
  if (victim_ == &self) unwind_here(self);
  const std::uint8_t end = wait.slot.state.load(std::memory_order_acquire);
  THRESHER_ASSERT(end >= Wait::Slot::ended);
  return static_cast<WaitEnd>(end - Wait::Slot::ended);
}

void Worker::yield() {
  ThreadFiber& self = running();
  if (shared_.ending.load(std::memory_order_relaxed)) unwind_here(self);
  ready(self);
  switch_away(self);
  if (victim_ == &self) unwind_here(self);
}

// The thread.

void Worker::thread_main() {
  worker_of_thread = this;
  const Carriers::Options options{.stack_bytes = shared_.stack_bytes};
  carriers_ = std::make_unique<Carriers>(*this, options);
  work();
  wait_for_batches();
  drop_abandoned();
  carriers_.reset();
  worker_of_thread = nullptr;
}

void Worker::work() {
  while (!shared_.ending.load(std::memory_order_acquire)) {
    ThreadFiber* const next = pick();
    if (next == nullptr) {
      sleep();
      continue;
    }
    running_ = next;
    carriers_->go(carrier_of(*next));
    running_ = nullptr;
  }
}

void Worker::sleep() noexcept {
  carriers_->trim(idle_carriers_max);
  sleeper_.prepare();
  if (inbox_.load(std::memory_order_seq_cst) != nullptr ||
      shared_.ending.load(std::memory_order_seq_cst)) {
    sleeper_.cancel();
    return;
  }
  sleeper_.sleep(timers_.earliest());
}

// The shutdown: one fiber of the whole scheduler runs at a time, the one that is unwound.

void Worker::unwind_here(ThreadFiber& self) {
  if (victim_ != &self) {
    running_ = nullptr;
    carriers_->go(nullptr);  // Not its turn yet: fibers go youngest first.
    running_ = &self;
  }
  THRESHER_ASSERT(victim_ == &self);
  if (self.unwound == unwound_max) {
    shared_.abandoned.fetch_add(1, std::memory_order_relaxed);
    carriers_->abandon(*self.carrier);
    running_ = nullptr;
    carriers_->go(nullptr);
    THRESHER_UNREACHABLE();
  }
  ++self.unwound;
  throw FiberUnwind{FiberUnwind::Reason::world_ended};
}

std::vector<ThreadFiber*> Worker::live() {
  THRESHER_ASSERT(stopped());
  receive();  // What other workers spawned here before they stopped.
  std::vector<ThreadFiber*> fibers;
  fibers.reserve(live_.size());
  for (ThreadFiber* fiber = live_.front(); fiber != nullptr; fiber = fiber->next) {
    fibers.push_back(fiber);
  }
  return fibers;
}

void Worker::unwind(std::vector<ThreadFiber*> fibers) {
  THRESHER_ASSERT(stopped() && idle());
  batch_ = std::move(fibers);
  has_batch_.store(true, std::memory_order_seq_cst);
  sleeper_.wake();
}

void Worker::unwind_one(ThreadFiber& fiber) {
  victim_ = &fiber;
  running_ = &fiber;
  carriers_->go(carrier_of(fiber));
  running_ = nullptr;
  victim_ = nullptr;
}

void Worker::wait_for_batches() {
  stopped_.store(true, std::memory_order_seq_cst);
  shared_.outside.wake();
  while (!leaving_.load(std::memory_order_acquire)) {
    if (has_batch_.load(std::memory_order_acquire)) {
      for (ThreadFiber* const fiber : batch_) unwind_one(*fiber);
      has_batch_.store(false, std::memory_order_seq_cst);
      shared_.outside.wake();
      continue;
    }
    sleeper_.prepare();
    if (has_batch_.load(std::memory_order_seq_cst) || leaving_.load(std::memory_order_seq_cst)) {
      sleeper_.cancel();
    } else {
      sleeper_.sleep(no_deadline);
    }
  }
}

void Worker::join() {
  leaving_.store(true, std::memory_order_seq_cst);
  sleeper_.wake();
  thread_.join();
}

void Worker::drop_abandoned() {
  // Their stacks never run again; what their bodies hold goes with them.
  while (ThreadFiber* const fiber = live_.pop_front()) {
    THRESHER_ASSERT(fiber->unwound == unwound_max);
    delete fiber;
  }
}

}  // namespace thresher::runtime::detail
