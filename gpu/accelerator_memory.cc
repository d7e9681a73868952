// Buffers: allocation, copies through staging memory, and giving back.
//
// The device never touches the caller's memory: who gives up a wait may free it at once.
#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/accelerator_access.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <cstring>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

/// New memory is zero, so that no tenant reads another's bytes.
Result<void> clear(AcceleratorState& state, Pass& pass, BufferRecord& record) {
  Stream& stream = state.streams.front();
  THRESHER_TRY_VOID(pass.prompt(DriverCall::memory_set, [&](Driver& driver, ContextHandle context) {
    return driver.memory_set(context, record.block.at, std::byte{0}, record.block.bytes,
                             stream.handle);
  }));
  record.uses.note(0, ++stream.submitted);
  return {};
}

}  // namespace

Result<RawBuffer> Accelerator::allocate_bytes(std::uint64_t bytes, const CallOptions& call) {
  THRESHER_ASSERT(bytes >= 1);
  Result<RawBuffer> made = try_allocate(bytes, call);
  if (made || made.error().code != Errc::capacity) return made;
  // Cached blocks behind unfinished work could not be trimmed: wait for it, for a while.
  const AcceleratorOptions& options = state_->node().seams().options.accelerator;
  CallOptions patience = call;
  patience.deadline = std::min(
      call.deadline, runtime::deadline_after(services().scheduler.now(),
                                             options.blocking_call_grace));
  for (std::uint32_t i = 0; i < options.streams; ++i) {
    if (!synchronize(patience, i)) return made;
  }
  return try_allocate(bytes, call);
}

Result<RawBuffer> Accelerator::try_allocate(std::uint64_t bytes, const CallOptions& call) {
  THRESHER_TRY(pass, enter(*state_, call));
  DeviceContext& context = *state_->context;
  PassSource source{pass, *context.events()};
  THRESHER_TRY(block, context.pool().allocate(source, bytes, state_->streams.front().handle));
  const std::uint64_t id = ++state_->last_handle;
  BufferRecord& record = state_->buffers[id];
  record.block = block;
  if (const Result<void> cleared = clear(*state_, pass, record); !cleared) {
    state_->buffers.erase(id);
    context.pool().quarantine(block.at);
    return runtime::Unexpected{cleared.error()};
  }
  return RawBuffer{shared_from_this(), context.stamp(), id, bytes};
}

Result<void> Accelerator::copy_in(const RawBuffer& buffer, std::span<const std::byte> from,
                                  const CallOptions& call) {
  if (from.empty()) return {};
  THRESHER_TRY(pass, enter(*state_, call, buffer.stamp()));
  THRESHER_TRY(staging, state_->context->take_pinned(pass, from.size()));
  const auto at = state_->buffers.find(buffer.id_);
  if (at == state_->buffers.end()) return fail(Errc::stale_handle, buffer.id_);
  std::memcpy(staging.data(), from.data(), from.size());
  THRESHER_TRY_VOID(order_after(*state_, pass, 0, at->second.uses));
  Stream& stream = state_->streams.front();
  THRESHER_TRY_VOID(
      pass.prompt(DriverCall::copy_to_device, [&](Driver& driver, ContextHandle context) {
        return driver.copy_to_device(context, at->second.block.at,
                                     {staging.data(), from.size()}, stream.handle);
      }));
  at->second.uses.note(0, ++stream.submitted);
  const std::uint64_t epoch = pass.epoch();
  THRESHER_TRY(completion, mark(*state_, pass, stream, std::move(staging)));
  pass.leave();
  return wait_for(*state_, *completion, epoch, call);
}

Result<void> Accelerator::copy_out(const RawBuffer& buffer, std::span<std::byte> to,
                                   const CallOptions& call) {
  if (to.empty()) return {};
  THRESHER_TRY(pass, enter(*state_, call, buffer.stamp()));
  THRESHER_TRY(staging, state_->context->take_pinned(pass, to.size()));
  const auto at = state_->buffers.find(buffer.id_);
  if (at == state_->buffers.end()) return fail(Errc::stale_handle, buffer.id_);
  THRESHER_TRY_VOID(order_after(*state_, pass, 0, at->second.uses));
  Stream& stream = state_->streams.front();
  THRESHER_TRY_VOID(
      pass.prompt(DriverCall::copy_to_host, [&](Driver& driver, ContextHandle context) {
        return driver.copy_to_host(context, {staging.data(), to.size()}, at->second.block.at,
                                   stream.handle);
      }));
  at->second.uses.note(0, ++stream.submitted);
  const std::uint64_t epoch = pass.epoch();
  THRESHER_TRY(completion, mark(*state_, pass, stream, std::move(staging)));
  pass.leave();
  THRESHER_TRY_VOID(wait_for(*state_, *completion, epoch, call));
  // The staging memory lives as long as its context: read it inside the gate, in the same epoch.
  THRESHER_TRY(again, enter(*state_, call, buffer.stamp()));
  if (!state_->buffers.contains(buffer.id_)) return fail(Errc::stale_handle, buffer.id_);
  std::memcpy(to.data(), completion->staging.data(), to.size());
  return {};
}

Result<void> Accelerator::free_buffer(const RawBuffer& buffer, const CallOptions& call) {
  Result<Pass> pass = enter(*state_, call, buffer.stamp());
  if (!pass) {
    const Errc code = pass.error().code;
    // A reset took it already, or the accelerator with it.
    const bool gone =
        code == Errc::stale_handle || code == Errc::closed || code == Errc::uninitialised;
    return gone ? Result<void>{} : Result<void>{runtime::Unexpected{pass.error()}};
  }
  if (!state_->buffers.contains(buffer.id_)) return {};
  THRESHER_TRY_VOID(give_back(*state_, *pass, buffer.id_));
  MemoryPool& pool = state_->context->pool();
  if (!pool.wants_trim()) return {};
  PassSource source{*pass, *state_->context->events()};
  // What cannot be trimmed now is trimmed later: the buffer itself is back.
  static_cast<void>(pool.trim(source, 0).has_value());
  return {};
}

void Accelerator::drop_buffer(std::uint64_t id) noexcept {
  const std::lock_guard guard{state_->dropped_lock};
  state_->dropped.push_back(id);
}

Result<std::uint64_t> Accelerator::trim_memory(const CallOptions& call) {
  THRESHER_TRY(pass, enter(*state_, call));
  PassSource source{pass, *state_->context->events()};
  return state_->context->pool().trim(source, 0);
}

RawBuffer::RawBuffer(std::shared_ptr<Accelerator> accelerator, Stamp stamp, std::uint64_t id,
                     std::uint64_t bytes) noexcept
    : accelerator_{std::move(accelerator)}, stamp_{stamp}, id_{id}, bytes_{bytes} {
  THRESHER_ASSERT(id_ != 0);
}

RawBuffer& RawBuffer::operator=(RawBuffer&& other) noexcept {
  if (this != &other) {
    if (id_ != 0) accelerator_->drop_buffer(id_);
    accelerator_ = std::move(other.accelerator_);
    stamp_ = other.stamp_;
    id_ = std::exchange(other.id_, 0);
    bytes_ = other.bytes_;
  }
  return *this;
}

RawBuffer::~RawBuffer() {
  if (id_ != 0) accelerator_->drop_buffer(id_);
}

Result<void> RawBuffer::dispose(const CallOptions& call) {
  if (id_ == 0) return {};
  const Result<void> freed = accelerator_->free_buffer(*this, call);
  // After an error the destructor's way is open still: the next call gives it back.
  if (freed) id_ = 0;
  return freed;
}

Result<void> RawBuffer::copy_from_bytes(std::span<const std::byte> from, const CallOptions& call) {
  if (id_ == 0) return fail(Errc::stale_handle);
  if (from.size() > bytes_) return fail(Errc::invalid_argument, from.size());
  return accelerator_->copy_in(*this, from, call);
}

Result<void> RawBuffer::copy_to_bytes(std::span<std::byte> to, const CallOptions& call) const {
  if (id_ == 0) return fail(Errc::stale_handle);
  if (to.size() > bytes_) return fail(Errc::invalid_argument, to.size());
  return accelerator_->copy_out(*this, to, call);
}

}  // namespace thresher::gpu
