// Kernels: loading from the host-side cache, launching within the bound of a stream.
//
// Handles are looked up in the accelerator's own tables, inside the gate, before each launch.
#include "thresher/gpu/accelerator.h"
#include "thresher/gpu/accelerator_access.h"
#include "thresher/gpu/accelerator_factory.h"
#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <vector>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

/// Launches between two events that nobody waits for, which tell how far a stream has come.
constexpr std::uint64_t launches_per_mark = 128;

Result<CodeReference> code_for(AcceleratorState& state, const CodeKey& key,
                               const CompileRequest& request, const CallOptions& call) {
  const auto known = state.code.find(key);
  if (known != state.code.end()) return known->second;
  const AcceleratorOptions& options = state.node().seams().options.accelerator;
  const runtime::TimePoint patience =
      runtime::deadline_after(state.node().scheduler().now(), options.blocking_call_timeout);
  return state.node().seams().code.get(request, std::min(call.deadline, patience));
}

/// Waits until the stream has room. Gives a Pass in which it has.
Result<Pass> enter_with_room(AcceleratorState& state, const Stamp& stamp, std::uint32_t index,
                             const CallOptions& call) {
  const AcceleratorOptions& options = state.node().seams().options.accelerator;
  for (;;) {
    THRESHER_TRY(pass, enter(state, call, stamp));
    if (index >= state.streams.size()) return fail(Errc::invalid_argument, index);
    Stream& stream = state.streams[index];
    if (stream.in_flight() < options.stream_operations_max) return pass;
    const std::uint64_t epoch = pass.epoch();
    THRESHER_TRY(completion, mark(state, pass, stream));
    pass.leave();
    THRESHER_TRY_VOID(wait_for(state, *completion, epoch, call));
  }
}

}  // namespace

Result<Kernel> Accelerator::load(const KernelSource& source, const CallOptions& call,
                                 const std::string& options) {
  if (source.name.empty()) return fail(Errc::invalid_argument);
  THRESHER_TRY_VOID(usable());
  const DeviceProperties& properties = state_->node().properties();
  const CompileRequest request{.source = source,
                               .options = options,
                               .compute_major = properties.compute_major,
                               .compute_minor = properties.compute_minor};
  const CodeKey key = key_of(request);
  THRESHER_TRY(code, code_for(*state_, key, request, call));
  THRESHER_TRY(pass, enter(*state_, call));
  for (const auto& [id, record] : state_->kernels) {
    if (record.key == key && record.name == source.name) {
      return Kernel{stamp(), state_->id, id, record.name};
    }
  }
  THRESHER_TRY(function, state_->context->modules().load(pass, key, code, source.name));
  state_->code.insert_or_assign(key, code);
  const std::uint64_t id = ++state_->last_handle;
  state_->kernels.emplace(
      id, KernelRecord{.key = key, .name = source.name, .function = function, .uses = {}});
  return Kernel{stamp(), state_->id, id, source.name};
}

Result<std::vector<KernelArgument>> Accelerator::resolve(const Arguments& arguments) const {
  std::vector<KernelArgument> values;
  values.reserve(arguments.slots().size());
  for (const Arguments::Slot& slot : arguments.slots()) {
    if (slot.buffer == nullptr) {
      values.push_back(slot.value);
      continue;
    }
    if (slot.buffer->stamp() != stamp()) return fail(Errc::stale_handle, slot.buffer->id_);
    const auto at = state_->buffers.find(slot.buffer->id_);
    if (at == state_->buffers.end() || slot.buffer->accelerator_.get() != this) {
      return fail(Errc::stale_handle, slot.buffer->id_);
    }
    values.push_back(KernelArgument::of(at->second.block.at));
  }
  return values;
}

Result<void> Accelerator::launch(const Kernel& kernel, const LaunchShape& shape,
                                 const Arguments& arguments, const CallOptions& call) {
  if (kernel.accelerator_ != state_->id) return fail(Errc::stale_handle, kernel.id_);
  if (shape.grid.count() == 0 || shape.block.count() == 0) return fail(Errc::invalid_argument);
  THRESHER_TRY(pass, enter_with_room(*state_, kernel.stamp(), shape.stream, call));
  const auto record = state_->kernels.find(kernel.id_);
  if (record == state_->kernels.end()) return fail(Errc::stale_handle, kernel.id_);
  THRESHER_TRY(values, resolve(arguments));
  for (const Arguments::Slot& slot : arguments.slots()) {
    if (slot.buffer == nullptr) continue;
    THRESHER_TRY_VOID(
        order_after(*state_, pass, shape.stream, state_->buffers.at(slot.buffer->id_).uses));
  }
  Stream& stream = state_->streams[shape.stream];
  const Launch launch{.function = record->second.function,
                      .grid = shape.grid,
                      .block = shape.block,
                      .shared_bytes = shape.shared_bytes,
                      .cooperative = shape.cooperative,
                      .stream = stream.handle,
                      .arguments = values};
  THRESHER_TRY_VOID(
      pass.prompt(DriverCall::launch_kernel, [&](Driver& driver, ContextHandle context) {
        return driver.launch_kernel(context, launch);
      }));
  const std::uint64_t sequence = ++stream.submitted;
  record->second.uses.note(shape.stream, sequence);
  for (const Arguments::Slot& slot : arguments.slots()) {
    if (slot.buffer != nullptr) {
      state_->buffers.at(slot.buffer->id_).uses.note(shape.stream, sequence);
    }
  }
  THRESHER_ASSERT(stream.in_flight() <=
                  state_->node().seams().options.accelerator.stream_operations_max);
  if (sequence % launches_per_mark == 0) {
    // Its failure is the next call's to meet: this launch is queued.
    static_cast<void>(mark(*state_, pass, stream).has_value());
  }
  return {};
}

Result<void> Accelerator::execute(const Kernel& kernel, const LaunchShape& shape,
                                  const Arguments& arguments, const CallOptions& call) {
  THRESHER_TRY_VOID(launch(kernel, shape, arguments, call));
  return synchronize(call, shape.stream);
}

}  // namespace thresher::gpu
