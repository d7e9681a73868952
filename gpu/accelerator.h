// Accelerator: streams, buffers and kernels on one device, with resets.
//
// Used by one worker at a time (a lease hands it over); several fibers of that worker may use
// it, and interleave where calls park. Every call checks, in this order: authority (refused),
// closed (uninitialised, closed), quarantine (quarantined), the context's condition
// (context_lost, process_lost, device_lost) and the stamp of each handle (stale_handle); only
// then the driver is called. Errors of earlier asynchronous work surface at a later call, as on
// the device.
//
// Left out: retries (retry.h), sharing between tenants (accelerator_pool.h).
#pragma once

#include "thresher/gpu/buffer.h"
#include "thresher/gpu/call_options.h"
#include "thresher/gpu/device_info.h"
#include "thresher/gpu/kernel.h"
#include "thresher/gpu/memory_pool.h"
#include "thresher/gpu/recovery.h"
#include "thresher/gpu/reset.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thresher::gpu {

struct AcceleratorState;

class Accelerator final : public RecoveryTarget,
                          public std::enable_shared_from_this<Accelerator> {
 public:
  /// Made by AcceleratorFactory alone (the state names what only it has).
  explicit Accelerator(std::unique_ptr<AcceleratorState> state);
  /// Hands what was not disposed over to its device's node, which cleans up at its next call, and
  /// logs a warning. Never parks.
  ~Accelerator() override;

  AcceleratorId id() const noexcept;
  DeviceOrdinal device() const noexcept;
  const std::string& device_name() const noexcept;
  /// The context it lives in, with its present epoch. Never parks.
  Stamp stamp() const noexcept override;
  std::uint64_t epoch() const noexcept { return stamp().epoch; }
  runtime::Services& services() const noexcept;
  /// Success, or the error that every call would answer now. Never parks.
  runtime::Result<void> usable() const noexcept;
  /// Bytes kept from everybody because abandoned work may touch them.
  std::uint64_t quarantined_bytes() const noexcept;
  /// The memory pool of its context. Never parks.
  MemoryPoolStatistics memory() const noexcept;
  /// Gives what the pool of its context caches back to the device; gives the bytes. Errors: the
  /// device's own.
  runtime::Result<std::uint64_t> trim_memory(const CallOptions& call = {});

  /// The guide's DeviceInfo, with the memory available now.
  runtime::Result<DeviceInfo> info(const CallOptions& call = {});

  /// Memory for `count` elements, zeroed. Requires: count >= 1. Errors: capacity (also after the
  /// cache was trimmed), timeout, cancelled, and the device's own.
  template <typename T>
  runtime::Result<Buffer<T>> allocate(std::uint64_t count, const CallOptions& call = {}) {
    THRESHER_TRY(raw, allocate_bytes(count * sizeof(T), call));
    return Buffer<T>{std::move(raw)};
  }

  /// Compiles (or finds the code in the host-side cache) and loads into the context (or finds the
  /// module there). Errors: compile_failed, capacity, caller_bug (the image was refused), and the
  /// device's own.
  runtime::Result<Kernel> load(const KernelSource& source, const CallOptions& call = {},
                               const std::string& options = {});

  /// Queues one launch; returns when it is queued, which parks only while the stream is full.
  /// Errors: caller_bug (shape), stale_handle, capacity, and those of earlier work.
  runtime::Result<void> launch(const Kernel& kernel, const LaunchShape& shape,
                               const Arguments& arguments, const CallOptions& call = {});
  /// Parks until all work queued on `stream` so far is done. Errors: timeout, cancelled, and the
  /// error that ended the work.
  runtime::Result<void> synchronize(const CallOptions& call = {}, std::uint32_t stream = 0);
  /// launch and synchronize.
  runtime::Result<void> execute(const Kernel& kernel, const LaunchShape& shape,
                                const Arguments& arguments, const CallOptions& call = {});

  /// Resets as `options` say. Errors (it could not be tried): refused, cancelled (nothing was
  /// changed), closed, uninitialised, quarantined, needs_isolation. A reset that was tried gives a
  /// result, also when it failed. Once it has begun it ends by `options.timeout`, not by the token.
  runtime::Result<ResetResult> reset(const ResetOptions& options, const CallOptions& call = {});

  /// Reports a failed operation to this process's Recovery and parks until the accelerator is
  /// healthy or its device quarantined. See Recovery::report.
  runtime::Result<RecoveryResult> recover(const runtime::Error& error, const CallOptions& call = {},
                                          ResetType at_least = ResetType::soft);
  /// The same with the stamp that the failure was met with: a report against an epoch that has
  /// ended resets nothing.
  runtime::Result<RecoveryResult> recover_from(const FailureReport& failure,
                                               const CallOptions& call = {});

  /// Gives everything back; later calls answer closed. Idempotent. Errors: timeout; what was not
  /// given back then goes with the process at the next Full.
  runtime::Result<void> dispose(const CallOptions& call = {});
  bool closed() const noexcept;

  // RecoveryTarget, also used by the pool's health check.
  runtime::Result<ResetResult> reset_for_recovery(ResetType level,
                                                  runtime::TimePoint deadline) override;
  runtime::Result<void> run_canary(runtime::TimePoint deadline) override;
  ResetType required_level() const noexcept override;
  void quarantine_device() noexcept override;

 private:
  friend class RawBuffer;

  runtime::Result<RawBuffer> allocate_bytes(std::uint64_t bytes, const CallOptions& call);
  runtime::Result<RawBuffer> try_allocate(std::uint64_t bytes, const CallOptions& call);
  runtime::Result<void> copy_in(const RawBuffer& buffer, std::span<const std::byte> from,
                                const CallOptions& call);
  runtime::Result<void> copy_out(const RawBuffer& buffer, std::span<std::byte> to,
                                 const CallOptions& call);
  runtime::Result<void> free_buffer(const RawBuffer& buffer, const CallOptions& call);
  void drop_buffer(std::uint64_t id) noexcept;
  runtime::Result<std::vector<KernelArgument>> resolve(const Arguments& arguments) const;

  std::unique_ptr<AcceleratorState> state_;
};

}  // namespace thresher::gpu
