// The seam for other processes: start, kill, wait, and a byte channel.
//
// Real: posix_spawn, a socket pair, shared memory by memfd, own process group. Simulated: a group
// of fibers with instances of its own; killing it unwinds them, and from that instant its seams are
// dead. A process never outlives the one that started it.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/services.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thresher::runtime {

struct ProcessId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ProcessId&, const ProcessId&) = default;
};

/// How a process ended.
struct ProcessExit {
  bool killed = false;
  int status = 0;
};

/// Ordered bytes in both directions. Each end belongs to one process.
class ByteChannel {
 public:
  virtual ~ByteChannel() = default;
  /// Sends all of `bytes` as one message. Errors: process_gone when the other end has ended.
  virtual Result<void> send(std::span<const std::byte> bytes) = 0;
  /// The next message. Errors: timeout, process_gone (after the last message was received).
  virtual Result<std::vector<std::byte>> receive(TimePoint deadline) = 0;
};

/// What the body of a process is given: its own seams and its end of the channel.
struct ProcessContext {
  Services services;
  ByteChannel& parent;
  /// The argument given at start.
  std::string argument;
};

struct ProcessSpec {
  /// The program, by registered name ("gpu-worker").
  std::string program;
  std::string argument;
  std::uint32_t worker_count = 1;
};

class Processes {
 public:
  virtual ~Processes() = default;
  /// Starts a process. Errors: not_found (no such program), capacity.
  virtual Result<ProcessId> start(const ProcessSpec& spec) = 0;
  /// Ends it at once, wherever it is; nothing of it runs afterwards. Idempotent.
  virtual Result<void> kill(ProcessId process) = 0;
  /// Parks until it has ended. Errors: timeout, not_found.
  virtual Result<ProcessExit> wait(ProcessId process, TimePoint deadline) = 0;
  /// The parent's end of its channel; lives until the process was waited for.
  virtual Result<ByteChannel*> channel(ProcessId process) = 0;
};

}  // namespace thresher::runtime
