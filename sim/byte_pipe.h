// The simulated byte channel between a process and the one that started it: messages in order, no
// loss, no delay but what the schedule makes.
#pragma once

#include "thresher/runtime/fiber/processes.h"
#include "thresher/runtime/fiber/wait_list.h"

#include <deque>
#include <vector>

namespace thresher::sim {

/// One end. Belongs to one process; the other end is its peer.
class PipeEnd final : public runtime::ByteChannel {
 public:
  explicit PipeEnd(runtime::Scheduler& scheduler);
  PipeEnd(const PipeEnd&) = delete;
  PipeEnd& operator=(const PipeEnd&) = delete;

  /// Ties two ends together. Both live equally long.
  static void tie(PipeEnd& a, PipeEnd& b) noexcept;
  /// This end's process has ended: the peer receives what was sent, then `process_gone`.
  void close() noexcept;

  runtime::Result<void> send(std::span<const std::byte> bytes) override;
  runtime::Result<std::vector<std::byte>> receive(runtime::TimePoint deadline) override;

 private:
  void wake_all() noexcept;

  runtime::Scheduler& scheduler_;
  runtime::Operation operation_;
  PipeEnd* peer_ = nullptr;
  std::deque<std::vector<std::byte>> inbox_;
  runtime::WaitList receivers_;
  bool closed_ = false;
};

}  // namespace thresher::sim
