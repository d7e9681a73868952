// AcceleratorState: all that an accelerator owns, as a value that its resets and its heirs work on.
//
// Guarded by the context's gate: changed by the one worker that uses the accelerator, inside the
// gate, and by resets, which hold it alone. Only `dropped` is filled from outside (destructors of
// buffers) and has a lock of its own.
#pragma once

#include "thresher/gpu/code_cache.h"
#include "thresher/gpu/completion_hub.h"
#include "thresher/gpu/device_context.h"
#include "thresher/gpu/device_node.h"
#include "thresher/gpu/memory_pool.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace thresher::gpu {

/// One in-order stream and how many operations it was given.
struct Stream {
  StreamHandle handle;
  std::uint64_t submitted = 0;
  /// Shared with the completions that move it on.
  std::shared_ptr<StreamProgress> progress = std::make_shared<StreamProgress>();

  std::uint64_t in_flight() const noexcept {
    return submitted - progress->completed.load(std::memory_order_acquire);
  }
  bool done(std::uint64_t sequence) const noexcept {
    return progress->completed.load(std::memory_order_acquire) >= sequence;
  }
};

/// The last operation of a stream that uses something.
struct StreamUse {
  std::uint32_t stream = 0;
  std::uint64_t sequence = 0;
};

/// At most one entry a stream.
class StreamUses {
 public:
  void note(std::uint32_t stream, std::uint64_t sequence) {
    for (StreamUse& use : uses_) {
      if (use.stream == stream) {
        use.sequence = sequence;
        return;
      }
    }
    uses_.push_back({stream, sequence});
  }
  /// The stream was replaced: its uses are over, or nobody's any more.
  void drop(std::uint32_t stream) {
    std::erase_if(uses_, [stream](const StreamUse& use) { return use.stream == stream; });
  }
  const std::vector<StreamUse>& all() const noexcept { return uses_; }

 private:
  std::vector<StreamUse> uses_;
};

struct BufferRecord {
  PoolBlock block;
  StreamUses uses;
};

struct KernelRecord {
  CodeKey key;
  std::string_view name;
  FunctionHandle function;
  StreamUses uses;
};

struct AcceleratorState {
  AcceleratorState(std::shared_ptr<DeviceContext> the_context, AcceleratorId the_id)
      : context{std::move(the_context)}, id{the_id} {}
  /// Leaves its context, also when a fiber that makes or disposes it is unwound half-way.
  ~AcceleratorState();

  DeviceNode& node() const noexcept { return context->node(); }

  /// Shared by the accelerators that live in it.
  std::shared_ptr<DeviceContext> context;
  AcceleratorId id;
  /// Set when it takes no more calls: `closed` or `uninitialised`.
  std::optional<runtime::Errc> closed;
  bool disposed = false;

  std::vector<Stream> streams;
  std::vector<StreamHandle> spare_streams;
  std::uint64_t last_handle = 0;
  std::map<std::uint64_t, BufferRecord> buffers;
  std::map<std::uint64_t, KernelRecord> kernels;
  /// Code that this accelerator keeps alive in the host-side cache.
  std::map<CodeKey, CodeReference> code;

  runtime::ShortLock dropped_lock;
  std::vector<std::uint64_t> dropped;
};

/// Makes the streams and spare streams that `state` lacks. Parks. Errors: the device's own.
runtime::Result<void> make_streams(AcceleratorState& state, Pass& pass);
/// Records an event after what `stream` was given so far and asks to be told. Errors: the device's.
runtime::Result<std::shared_ptr<Completion>> mark(AcceleratorState& state, Pass& pass,
                                                  Stream& stream, PinnedBlock staging = {});
/// Puts a buffer's block back into the pool behind fences of its unfinished uses.
runtime::Result<void> give_back(AcceleratorState& state, Pass& pass, std::uint64_t buffer);
/// Gives back the buffers whose handles were destroyed.
void give_back_dropped(AcceleratorState& state, Pass& pass);
/// Gives everything of the accelerator back; destroys the context with its last member. Parks.
runtime::Result<void> tear_down(AcceleratorState& state, const CallOptions& call);
/// Ends the waits on its streams with `why` and forgets what died with the CUDA context. Requires:
/// the gate is held alone.
void forget_device_state(AcceleratorState& state, const runtime::Error& why) noexcept;

}  // namespace thresher::gpu
