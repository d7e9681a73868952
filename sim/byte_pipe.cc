// Sending puts a message into the peer's inbox and wakes whoever receives there; a receiver that
// finds the message taken waits again.
#include "thresher/sim/byte_pipe.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::sim {

using runtime::Errc;
using runtime::Result;
using runtime::Wait;
using runtime::WaitEnd;

PipeEnd::PipeEnd(runtime::Scheduler& scheduler)
    : scheduler_{scheduler},
      operation_{.verb = "receive", .name = "process channel", .object = scheduler.new_object()} {}

void PipeEnd::tie(PipeEnd& a, PipeEnd& b) noexcept {
  THRESHER_ASSERT(&a != &b);
  a.peer_ = &b;
  b.peer_ = &a;
}

void PipeEnd::wake_all() noexcept {
  for (Wait* wait = receivers_.front(); wait != nullptr; wait = wait->next) {
    scheduler_.unpark(*wait, WaitEnd::satisfied);
  }
}

void PipeEnd::close() noexcept {
  closed_ = true;
  peer_->wake_all();
}

Result<void> PipeEnd::send(std::span<const std::byte> bytes) {
  THRESHER_ASSERT(peer_ != nullptr);
  if (scheduler_.unwinding()) return runtime::fail(Errc::process_gone);
  scheduler_.touch({.verb = "send", .name = operation_.name, .object = peer_->operation_.object});
  if (peer_->closed_) return runtime::fail(Errc::process_gone);
  peer_->inbox_.emplace_back(bytes.begin(), bytes.end());
  peer_->wake_all();
  return {};
}

Result<std::vector<std::byte>> PipeEnd::receive(runtime::TimePoint deadline) {
  THRESHER_ASSERT(peer_ != nullptr);
  if (scheduler_.unwinding()) return runtime::fail(Errc::process_gone);
  scheduler_.touch(operation_);
  while (inbox_.empty()) {
    if (peer_->closed_) return runtime::fail(Errc::process_gone);
    Wait wait{operation_};
    const runtime::WaitEntry entry{receivers_, wait};
    const WaitEnd end = scheduler_.park_until(wait, deadline);
    if (end == WaitEnd::timed_out) return runtime::fail(Errc::timeout);
    if (end == WaitEnd::cancelled) return runtime::fail(Errc::process_gone);
  }
  std::vector<std::byte> message = std::move(inbox_.front());
  inbox_.pop_front();
  return message;
}

}  // namespace thresher::sim
