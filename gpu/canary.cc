// The canary's kernel in three forms, and its run.
//
// Every element depends on its index, its old value and a parameter, so that wrong memory, wrong
// arguments, a lost copy and wrong arithmetic all show.
#include "thresher/gpu/canary.h"

#include "thresher/gpu/accelerator.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/sync.h"

#include <array>

namespace thresher::gpu {

using runtime::Errc;
using runtime::fail;
using runtime::Result;

namespace {

constexpr std::uint32_t element_count = 64;
constexpr std::uint32_t seed = 0x5eed;

constexpr std::uint32_t step(std::uint32_t value, std::uint32_t i, std::uint32_t from) noexcept {
  return (from + i) * 2654435761u + (value ^ i);
}

DriverResult canary_body(HostKernelRun& run) {
  const auto from = run.argument<std::uint32_t>(1);
  const auto count = run.argument<std::uint32_t>(2);
  const auto values = run.array<std::uint32_t>(0, count);
  if (values.size() != count) return run.memory.fault();
  for (std::uint32_t i = 0; i < count; ++i) values[i] = step(values[i], i, from);
  return DriverResult::success;
}

constexpr std::array functions{HostFunction{"canary", &canary_body, 12}};
constexpr HostModule host_module{"canary", functions};

constexpr std::string_view source = R"cuda(
extern "C" __global__ void canary(unsigned int* values, unsigned int seed, unsigned int count) {
  const unsigned int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < count) values[i] = (seed + i) * 2654435761u + (values[i] ^ i);
}
)cuda";

constexpr std::string_view ptx = R"ptx(
.version 9.0
.target sm_75
.address_size 64
  // .globl  canary
.visible .entry canary(
  .param .u64 canary_param_0,
  .param .u32 canary_param_1,
  .param .u32 canary_param_2
)
{
  .reg .pred   %p<2>;
  .reg .b32   %r<11>;
  .reg .b64   %rd<5>;
  ld.param.u64   %rd1, [canary_param_0];
  ld.param.u32   %r2, [canary_param_1];
  ld.param.u32   %r3, [canary_param_2];
  mov.u32   %r4, %ctaid.x;
  mov.u32   %r5, %ntid.x;
  mov.u32   %r6, %tid.x;
  mad.lo.s32   %r1, %r4, %r5, %r6;
  setp.ge.u32   %p1, %r1, %r3;
  @%p1 bra   $L__BB0_2;
  cvta.to.global.u64   %rd2, %rd1;
  add.s32   %r7, %r1, %r2;
  mul.wide.u32   %rd3, %r1, 4;
  add.s64   %rd4, %rd2, %rd3;
  ld.global.u32   %r8, [%rd4];
  xor.b32    %r9, %r8, %r1;
  mad.lo.s32   %r10, %r7, -1640531535, %r9;
  st.global.u32   [%rd4], %r10;
$L__BB0_2:
  ret;
}
)ptx";

constexpr KernelSource canary_kernel{"canary", source, ptx, &host_module};

/// What a fault plan says of this canary; nothing when it shall run.
Result<bool> play(LayerFault fault, Accelerator& accelerator, runtime::TimePoint deadline) {
  runtime::Error error = runtime::make_error(Errc::reset_failed, accelerator.id().value);
  error.injected = true;
  switch (fault) {
    case LayerFault::none: return false;
    case LayerFault::false_success: return true;
    case LayerFault::no_success: return runtime::Unexpected{error};
    case LayerFault::error: error.code = Errc::unavailable; return runtime::Unexpected{error};
    case LayerFault::hang: {
      const Result<void> slept = runtime::sleep_until(accelerator.services().scheduler, deadline);
      THRESHER_ASSERT(slept.has_value());
      error.code = Errc::timeout;
      return runtime::Unexpected{error};
    }
  }
  THRESHER_UNREACHABLE();
}

Result<void> compute(Accelerator& accelerator, const CallOptions& call) {
  THRESHER_TRY(kernel, accelerator.load(canary_kernel, call));
  THRESHER_TRY(values, accelerator.allocate<std::uint32_t>(element_count, call));
  std::array<std::uint32_t, element_count> data{};
  for (std::uint32_t i = 0; i < element_count; ++i) data[i] = i * i;
  THRESHER_TRY_VOID(values.copy_from(data, call));
  THRESHER_TRY_VOID(accelerator.launch(kernel, LaunchShape::linear(element_count),
                                       arguments(values, seed, element_count), call));
  std::array<std::uint32_t, element_count> answer{};
  THRESHER_TRY_VOID(values.copy_to(answer, call));
  THRESHER_TRY_VOID(values.dispose(call));
  for (std::uint32_t i = 0; i < element_count; ++i) {
    if (answer[i] != step(data[i], i, seed)) {
      return fail(Errc::reset_failed, accelerator.id().value);
    }
  }
  return {};
}

}  // namespace

const KernelSource& canary_source() noexcept { return canary_kernel; }

Result<void> compute_canary(Accelerator& accelerator, LayerFaults& faults,
                            runtime::TimePoint deadline) {
  const Result<bool> played =
      play(faults.on_canary(accelerator.device()), accelerator, deadline);
  Result<void> outcome;
  if (!played) {
    outcome = runtime::Unexpected{played.error()};
  } else if (!*played) {
    outcome = compute(accelerator, CallOptions::until(deadline));
  }
  accelerator.services().probe.event({.kind = runtime::EventKind::canary_run,
                                      .subject = accelerator.id().value,
                                      .a = outcome ? 1u : 0u,
                                      .text = "canary"});
  return outcome;
}

}  // namespace thresher::gpu
