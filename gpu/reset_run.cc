// ResetRun: the four levels, each doing what the one below it does and then its own part.
//
// Everything between acquiring the gate and `finish` runs alone in the context.
#include "thresher/gpu/reset_run.h"

#include "thresher/gpu/accelerator_access.h"
#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/replace_process.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

#include <algorithm>
#include <utility>

namespace thresher::gpu {

using runtime::Errc;
using runtime::EventKind;
using runtime::fail;
using runtime::make_error;
using runtime::Result;

ResetOptions recovery_preset(ResetType level) noexcept {
  ResetOptions options = level >= ResetType::hard ? ResetOptions::ErrorRecovery
                                                  : ResetOptions::Context;
  options.reset_type = level;
  options.force = true;
  // Compiled code is no part of the trouble: it is loaded again without compiling.
  options.clear_kernel_cache = false;
  return options;
}

namespace {

/// The form of a failed reset that is an error instead of a result without success.
bool not_tried(const Result<void>& played) noexcept {
  return !played && played.error().code == Errc::unavailable;
}

}  // namespace

ResetRun::ResetRun(AcceleratorState& state, const ResetOptions& options, const CallOptions& call)
    : state_{state},
      options_{options},
      call_{call},
      started_{state.node().scheduler().now()},
      deadline_{std::min(runtime::deadline_after(started_, options.timeout), call.deadline)} {
  const std::uint64_t epoch = state.context->epoch();
  result_.reset_type = options.reset_type;
  result_.accelerator = state.id;
  result_.device = state.node().device();
  result_.epoch_before = epoch;
  result_.epoch_after = epoch;
}

Result<void> ResetRun::admit() const {
  if (!call_.authority.valid()) return fail(Errc::refused, state_.id.value);
  if (state_.closed) return fail(*state_.closed, state_.id.value);
  if (state_.node().quarantined()) return fail(Errc::quarantined, state_.node().device().value);
  if (options_.reset_type == ResetType::full && !state_.node().seams().host.isolated()) {
    return fail(Errc::needs_isolation, state_.node().device().value);
  }
  return call_.token.check();
}

Result<ResetResult> ResetRun::run() {
  THRESHER_ASSERT(options_.timeout >= runtime::Duration::zero());
  THRESHER_TRY_VOID(admit());
  state_.node().services().probe.event({.kind = EventKind::reset_started,
                                        .subject = state_.id.value,
                                        .a = static_cast<std::uint64_t>(options_.reset_type),
                                        .b = result_.epoch_before,
                                        .text = name(options_.reset_type).data()});
  return options_.reset_type == ResetType::full ? run_full() : run_in_context();
}

Result<ResetResult> ResetRun::run_in_context() {
  Gate::Alone alone{state_.context->gate()};
  const Result<void> in = alone.acquire(call_.token, deadline_);
  if (!in && in.error().code == Errc::cancelled) return runtime::Unexpected{in.error()};
  if (!in) return finish(in);
  // The right to reset, or the accelerator itself, may have gone while this waited.
  THRESHER_TRY_VOID(admit());
  result_.epoch_before = state_.context->epoch();
  const auto required = state_.context->required_level();
  if (required && *required > options_.reset_type) {
    return finish(fail(Errc::reset_failed, static_cast<std::uint64_t>(*required)));
  }
  const auto played = play_fault();
  if (played && not_tried(*played)) return runtime::Unexpected{played->error()};
  const Result<void> outcome = played ? *played : perform();
  if (!outcome && outcome.error().code == Errc::cancelled) {
    return runtime::Unexpected{outcome.error()};
  }
  return finish(outcome);
}

Result<ResetResult> ResetRun::run_full() {
  Gate::Alone alone{state_.node().full_gate()};
  const Result<void> in = alone.acquire(call_.token, deadline_);
  if (!in && in.error().code == Errc::cancelled) return runtime::Unexpected{in.error()};
  if (!in) return finish(in);
  THRESHER_TRY_VOID(admit());
  result_.epoch_before = state_.context->epoch();
  if (const auto played = play_fault()) {
    if (not_tried(*played)) return runtime::Unexpected{played->error()};
    return finish(*played);
  }
  if (options_.waits()) {
    const Result<void> drained = drain_before_full();
    if (!drained && drained.error().code == Errc::cancelled) {
      return runtime::Unexpected{drained.error()};
    }
    if (!drained) return finish(drained);
  }
  Result<ReplacedProcess> replaced =
      replace_process(state_.node(), options_.reinitialize ? nullptr : &state_, deadline_);
  if (!replaced) return finish(runtime::Unexpected{replaced.error()});
  result_.memory_freed_bytes = replaced->freed_bytes;
  result_.pending_operations_cleared = replaced->operations_dropped;
  result_.kernels_dropped = replaced->kernels_dropped;
  result_.invalidated = std::move(replaced->invalidated);
  std::erase_if(result_.invalidated,
                [this](const Invalidated& each) { return each.accelerator == state_.id; });
  if (options_.clear_kernel_cache) state_.code.clear();
  if (!options_.reinitialize) {
    close();
    return finish({});
  }
  // Our own context may be the one that did not come back.
  return finish(state_.context->usable());
}

std::optional<Result<void>> ResetRun::play_fault() {
  const LayerFault fault =
      state_.node().seams().faults.on_reset(state_.node().device(), options_.reset_type);
  runtime::Error error = make_error(Errc::reset_failed, state_.id.value);
  error.injected = true;
  switch (fault) {
    case LayerFault::none: return std::nullopt;
    case LayerFault::false_success: return Result<void>{};
    case LayerFault::no_success: return Result<void>{runtime::Unexpected{error}};
    case LayerFault::error:
      error.code = Errc::unavailable;
      return Result<void>{runtime::Unexpected{error}};
    case LayerFault::hang: {
      const Result<void> slept = runtime::sleep_until(state_.node().scheduler(), deadline_);
      THRESHER_ASSERT(slept.has_value());
      error.code = Errc::timeout;
      return Result<void>{runtime::Unexpected{error}};
    }
  }
  THRESHER_UNREACHABLE();
}

Result<void> ResetRun::perform() {
  Pass pass = state_.context->inside(deadline_);
  if (options_.reset_type == ResetType::hard) return hard(pass);
  THRESHER_TRY_VOID(soft(pass));
  if (options_.reset_type == ResetType::context) THRESHER_TRY_VOID(take_back(pass));
  if (options_.clear_memory_pool) {
    PassSource source{pass, *state_.context->events()};
    THRESHER_TRY(freed, state_.context->pool().trim(source, 0));
    result_.memory_freed_bytes = freed;
  }
  if (options_.clear_kernel_cache) state_.code.clear();
  if (!options_.reinitialize) close();
  return {};
}

Result<void> ResetRun::soft(Pass& pass) {
  give_back_dropped(state_, pass);
  for (std::uint32_t i = 0; i < state_.streams.size(); ++i) {
    if (options_.waits()) {
      THRESHER_TRY_VOID(drain(pass, state_.streams[i]));
      continue;
    }
    const StreamHandle stream = state_.streams[i].handle;
    THRESHER_TRY(idle, pass.query(DriverCall::stream_query,
                                  [stream](Driver& driver, ContextHandle context) {
                                    return driver.stream_query(context, stream);
                                  }));
    if (!idle) THRESHER_TRY_VOID(abandon(pass, i));
  }
  return {};
}

Result<void> ResetRun::drain(Pass& pass, Stream& stream) {
  THRESHER_TRY(completion, mark(state_, pass, stream));
  return wait_for(state_, *completion, pass.epoch(), {.token = call_.token, .deadline = deadline_});
}

Result<void> ResetRun::abandon(Pass& pass, std::uint32_t index) {
  Stream& stream = state_.streams[index];
  result_.pending_operations_cleared += stream.in_flight();
  state_.context->count_abandoned();
  // The waiters learn that their work was dropped: they may try again.
  state_.node().hub().drop(*stream.progress, make_error(Errc::unavailable, state_.id.value));
  quarantine_uses(index);
  StreamHandle fresh;
  if (!state_.spare_streams.empty()) {
    fresh = state_.spare_streams.back();
    state_.spare_streams.pop_back();
  } else {
    THRESHER_TRY(made, pass.blocking(DriverCall::stream_create,
                                     [](Driver& driver, ContextHandle context) {
                                       return driver.stream_create(context);
                                     }));
    fresh = made;
  }
  stream = Stream{.handle = fresh};
  return {};
}

void ResetRun::quarantine_uses(std::uint32_t index) {
  const Stream& stream = state_.streams[index];
  const auto touched = [&](const StreamUses& uses) {
    return std::ranges::any_of(uses.all(), [&](const StreamUse& use) {
      return use.stream == index && !stream.done(use.sequence);
    });
  };
  std::erase_if(state_.buffers, [&](const auto& entry) {
    if (!touched(entry.second.uses)) return false;
    result_.quarantined_bytes += state_.context->pool().quarantine(entry.second.block.at);
    return true;
  });
  // The module keeps its reference for good, so that it is not unloaded before Hard.
  result_.kernels_dropped += static_cast<std::uint32_t>(std::erase_if(
      state_.kernels, [&](const auto& entry) { return touched(entry.second.uses); }));
  for (auto& [id, buffer] : state_.buffers) buffer.uses.drop(index);
  for (auto& [id, kernel] : state_.kernels) kernel.uses.drop(index);
}

Result<void> ResetRun::take_back(Pass& pass) {
  while (!state_.buffers.empty()) {
    THRESHER_TRY_VOID(give_back(state_, pass, state_.buffers.begin()->first));
  }
  while (!state_.kernels.empty()) {
    const CodeKey key = state_.kernels.begin()->second.key;
    state_.kernels.erase(state_.kernels.begin());
    ++result_.kernels_dropped;
    THRESHER_TRY_VOID(state_.context->modules().release(pass, key));
  }
  return renew_streams(pass);
}

Result<void> ResetRun::renew_streams(Pass& pass) {
  std::vector<Stream> old = std::exchange(state_.streams, {});
  const Result<void> made = make_streams(state_, pass);
  if (!made) {
    // The old ones still serve: half a set would be worse than yesterday's.
    state_.streams = std::move(old);
    return made;
  }
  for (const Stream& stream : old) {
    THRESHER_TRY_VOID(pass.blocking(DriverCall::stream_destroy,
                                    [handle = stream.handle](Driver& driver,
                                                             ContextHandle context) {
                                      return driver.stream_destroy(context, handle);
                                    }));
  }
  return {};
}

Result<void> ResetRun::hard(Pass& pass) {
  DeviceContext& context = *state_.context;
  if (options_.waits() && context.usable()) {
    for (Stream& stream : state_.streams) {
      const Result<void> drained = drain(pass, stream);
      // Work that failed is over too; only what still runs, and who gave up, stop a reset.
      if (!drained && (drained.error().code == Errc::timeout ||
                       drained.error().code == Errc::cancelled)) {
        return drained;
      }
    }
  }
  THRESHER_TRY_VOID(context.destroy(deadline_));
  const std::uint64_t before = context.epoch();
  const runtime::Error why = make_error(Errc::context_lost, state_.node().device().value);
  for (AcceleratorState* const member : context.members()) {
    for (const Stream& stream : member->streams) {
      result_.pending_operations_cleared += stream.in_flight();
    }
    result_.kernels_dropped += static_cast<std::uint32_t>(member->kernels.size());
    if (member != &state_) result_.invalidated.push_back({member->id, before, before + 1});
    forget_device_state(*member, why);
  }
  result_.memory_freed_bytes = context.forget();
  if (options_.clear_kernel_cache) state_.code.clear();
  if (!options_.reinitialize) close();
  return recreate(context);
}

Result<void> ResetRun::recreate(DeviceContext& context) {
  const bool needed = std::ranges::any_of(
      context.members(), [](const AcceleratorState* member) { return !member->closed; });
  return needed ? revive_context(context, deadline_) : Result<void>{};
}

Result<void> ResetRun::drain_before_full() {
  for (std::uint32_t i = 0; i < state_.streams.size(); ++i) {
    Result<Pass> pass = enter(state_, {.token = call_.token, .deadline = deadline_});
    if (!pass) return pass.error().code == Errc::cancelled ? fail(Errc::cancelled) : Result<void>{};
    if (i >= state_.streams.size()) break;
    const std::uint64_t epoch = pass->epoch();
    const auto completion = mark(state_, *pass, state_.streams[i]);
    pass->leave();
    if (!completion) return {};  // The process is sick: its work is over.
    const Result<void> drained = wait_for(state_, **completion, epoch,
                                          {.token = call_.token, .deadline = deadline_});
    if (!drained && (drained.error().code == Errc::timeout ||
                     drained.error().code == Errc::cancelled)) {
      return drained;
    }
  }
  return {};
}

void ResetRun::close() noexcept {
  // A dispose that waited behind this reset has closed it already.
  if (!state_.closed) state_.closed = Errc::uninitialised;
}

ResetResult ResetRun::finish(const Result<void>& outcome) {
  runtime::Services& services = state_.node().services();
  result_.success = outcome.has_value();
  if (!outcome) result_.error = outcome.error();
  result_.duration = services.scheduler.now() - started_;
  result_.epoch_after = state_.context->epoch();
  result_.was_reinitialized =
      result_.success && options_.reinitialize && result_.epoch_after != result_.epoch_before;
  THRESHER_ASSERT(result_.epoch_after >= result_.epoch_before);
  services.probe.event({.kind = EventKind::reset_ended,
                        .subject = state_.id.value,
                        .a = static_cast<std::uint64_t>(options_.reset_type),
                        .b = result_.success ? 1u : 0u,
                        .text = name(options_.reset_type).data()});
  const auto level =
      result_.success ? runtime::LogLevel::info : runtime::LogLevel::warning;
  if (services.probe.logs(level)) services.probe.log(level, "gpu.reset", result_.message());
  return std::move(result_);
}

}  // namespace thresher::gpu
