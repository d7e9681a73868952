// Buffer<T>: device memory of one accelerator, as a handle with one owner.
//
// The memory belongs to the accelerator; the buffer is the right to use it until it is disposed or
// a Context, Hard or Full reset takes it back, after which every call answers stale_handle. Copies
// park until the device is done: the source was snapshotted, the target is written only on success.
// Used on the worker that uses the accelerator.
#pragma once

#include "thresher/gpu/call_options.h"
#include "thresher/gpu/device_info.h"
#include "thresher/runtime/base/error.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace thresher::gpu {

class Accelerator;

/// The untyped half.
class RawBuffer {
 public:
  RawBuffer() noexcept = default;
  RawBuffer(RawBuffer&& other) noexcept
      : accelerator_{std::move(other.accelerator_)},
        stamp_{other.stamp_},
        id_{std::exchange(other.id_, 0)},
        bytes_{other.bytes_} {}
  RawBuffer& operator=(RawBuffer&& other) noexcept;
  /// Hands the memory over to the accelerator, which frees it at its next call. Never parks.
  ~RawBuffer();

  const Stamp& stamp() const noexcept { return stamp_; }
  std::uint64_t size_bytes() const noexcept { return bytes_; }
  bool valid() const noexcept { return id_ != 0; }

  /// Gives the memory back to the pool now. Succeeds when a reset or an earlier dispose already
  /// did. Errors: cancelled, timeout, refused; the memory then goes back at the accelerator's next
  /// call.
  runtime::Result<void> dispose(const CallOptions& call = {});

 protected:
  runtime::Result<void> copy_from_bytes(std::span<const std::byte> from, const CallOptions& call);
  runtime::Result<void> copy_to_bytes(std::span<std::byte> to, const CallOptions& call) const;

 private:
  friend class Accelerator;
  RawBuffer(std::shared_ptr<Accelerator> accelerator, Stamp stamp, std::uint64_t id,
            std::uint64_t bytes) noexcept;

  /// Shared: a buffer may outlive what its owner holds of the accelerator.
  std::shared_ptr<Accelerator> accelerator_;
  Stamp stamp_;
  std::uint64_t id_ = 0;
  std::uint64_t bytes_ = 0;
};

/// `count` elements of T on the device, zero when new.
template <typename T>
class Buffer : public RawBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() noexcept = default;
  explicit Buffer(RawBuffer raw) noexcept : RawBuffer{std::move(raw)} {}

  std::uint64_t size() const noexcept { return size_bytes() / sizeof(T); }

  /// Copies host to device and parks until it is done. Requires: from.size() <= size(). Errors:
  /// timeout and cancelled (then the device's content is undefined until the next copy),
  /// stale_handle, refused, capacity (no staging memory), and the device's own.
  runtime::Result<void> copy_from(std::span<const T> from, const CallOptions& call = {}) {
    return copy_from_bytes(std::as_bytes(from), call);
  }
  /// Copies device to host and parks until it is done. Requires: to.size() <= size(). Errors: as
  /// copy_from; `to` is unchanged then.
  runtime::Result<void> copy_to(std::span<T> to, const CallOptions& call = {}) const {
    return copy_to_bytes(std::as_writable_bytes(to), call);
  }
};

}  // namespace thresher::gpu
