// The table of result codes, as data, and what is read from it.
//
// Classes and stickiness follow the documented text of cuda.h 13: codes whose text says that the
// process must be relaunched are process-scoped; `assert` alone keeps the older text (context).
#include "thresher/gpu/driver_result.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>
#include <array>

namespace thresher::gpu {

namespace {

using enum DriverResult;
using Class = ErrorClass;

constexpr ResultRow row(DriverResult code, std::string_view cuda_name, Class error_class) {
  return {code, cuda_name, error_class, Stickiness::none, false};
}

/// A code that reports earlier work and stays.
constexpr ResultRow late(DriverResult code, std::string_view cuda_name, Class error_class,
                         Stickiness stickiness) {
  return {code, cuda_name, error_class, stickiness, true};
}

constexpr auto context = Stickiness::context;
constexpr auto process = Stickiness::process;

/// Ordered by number.
constexpr std::array table{
    row(success, "CUDA_SUCCESS", Class::none),
    row(invalid_value, "CUDA_ERROR_INVALID_VALUE", Class::caller_bug),
    row(out_of_memory, "CUDA_ERROR_OUT_OF_MEMORY", Class::capacity),
    row(not_initialized, "CUDA_ERROR_NOT_INITIALIZED", Class::caller_bug),
    ResultRow{deinitialized, "CUDA_ERROR_DEINITIALIZED", Class::process_lost, process, false},
    row(stub_library, "CUDA_ERROR_STUB_LIBRARY", Class::caller_bug),
    row(device_unavailable, "CUDA_ERROR_DEVICE_UNAVAILABLE", Class::unavailable),
    row(no_device, "CUDA_ERROR_NO_DEVICE", Class::device_lost),
    row(invalid_device, "CUDA_ERROR_INVALID_DEVICE", Class::caller_bug),
    row(invalid_image, "CUDA_ERROR_INVALID_IMAGE", Class::caller_bug),
    ResultRow{invalid_context, "CUDA_ERROR_INVALID_CONTEXT", Class::context_lost, context, false},
    row(no_binary_for_gpu, "CUDA_ERROR_NO_BINARY_FOR_GPU", Class::caller_bug),
    late(ecc_uncorrectable, "CUDA_ERROR_ECC_UNCORRECTABLE", Class::device_lost, process),
    row(invalid_ptx, "CUDA_ERROR_INVALID_PTX", Class::caller_bug),
    late(nvlink_uncorrectable, "CUDA_ERROR_NVLINK_UNCORRECTABLE", Class::device_lost, process),
    row(jit_compiler_not_found, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", Class::caller_bug),
    row(unsupported_ptx_version, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", Class::caller_bug),
    late(contained, "CUDA_ERROR_CONTAINED", Class::process_lost, process),
    row(operating_system, "CUDA_ERROR_OPERATING_SYSTEM", Class::unavailable),
    row(invalid_handle, "CUDA_ERROR_INVALID_HANDLE", Class::caller_bug),
    row(illegal_state, "CUDA_ERROR_ILLEGAL_STATE", Class::caller_bug),
    row(not_found, "CUDA_ERROR_NOT_FOUND", Class::caller_bug),
    row(not_ready, "CUDA_ERROR_NOT_READY", Class::none),
    late(illegal_address, "CUDA_ERROR_ILLEGAL_ADDRESS", Class::process_lost, process),
    row(launch_out_of_resources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", Class::capacity),
    late(launch_timeout, "CUDA_ERROR_LAUNCH_TIMEOUT", Class::process_lost, process),
    row(primary_context_active, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", Class::caller_bug),
    ResultRow{context_is_destroyed, "CUDA_ERROR_CONTEXT_IS_DESTROYED", Class::context_lost, context,
              false},
    late(DriverResult::assert, "CUDA_ERROR_ASSERT", Class::context_lost, context),
    late(hardware_stack_error, "CUDA_ERROR_HARDWARE_STACK_ERROR", Class::process_lost, process),
    late(illegal_instruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION", Class::process_lost, process),
    late(misaligned_address, "CUDA_ERROR_MISALIGNED_ADDRESS", Class::process_lost, process),
    late(invalid_address_space, "CUDA_ERROR_INVALID_ADDRESS_SPACE", Class::process_lost, process),
    late(invalid_pc, "CUDA_ERROR_INVALID_PC", Class::process_lost, process),
    late(launch_failed, "CUDA_ERROR_LAUNCH_FAILED", Class::process_lost, process),
    row(cooperative_launch_too_large, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE",
        Class::caller_bug),
    row(not_permitted, "CUDA_ERROR_NOT_PERMITTED", Class::caller_bug),
    row(not_supported, "CUDA_ERROR_NOT_SUPPORTED", Class::caller_bug),
    row(system_not_ready, "CUDA_ERROR_SYSTEM_NOT_READY", Class::unavailable),
    row(timeout, "CUDA_ERROR_TIMEOUT", Class::unavailable),
    late(unknown, "CUDA_ERROR_UNKNOWN", Class::process_lost, process),
    ResultRow{process_gone, "THRESHER_PROCESS_GONE", Class::process_lost, process, false},
};

constexpr bool ordered() {
  for (std::size_t i = 1; i < table.size(); ++i) {
    if (table[i - 1].code >= table[i].code) return false;
  }
  return true;
}
static_assert(ordered(), "result_row searches by halves");

runtime::Errc code_of(ErrorClass error_class) noexcept {
  switch (error_class) {
    case Class::capacity: return runtime::Errc::capacity;
    case Class::caller_bug: return runtime::Errc::caller_bug;
    case Class::unavailable: return runtime::Errc::unavailable;
    case Class::context_lost: return runtime::Errc::context_lost;
    case Class::process_lost: return runtime::Errc::process_lost;
    case Class::device_lost: return runtime::Errc::device_lost;
    case Class::none: break;
  }
  THRESHER_UNREACHABLE();
}

}  // namespace

std::span<const ResultRow> result_table() noexcept { return table; }

const ResultRow& result_row(DriverResult code) noexcept {
  const auto at = std::ranges::lower_bound(table, code, {}, &ResultRow::code);
  if (at != table.end() && at->code == code) return *at;
  THRESHER_ASSERT(code != unknown);
  return result_row(unknown);
}

std::string_view name(DriverResult code) noexcept { return result_row(code).cuda_name; }

ErrorClass classify(DriverResult code) noexcept { return result_row(code).error_class; }

runtime::Error to_error(Status status, std::uint64_t id, runtime::SourceLocation origin) noexcept {
  THRESHER_ASSERT(status.code != success);
  THRESHER_ASSERT(status.code != not_ready);
  runtime::Error error = runtime::make_error(code_of(classify(status.code)), id, origin);
  error.injected = status.injected;
  error.driver_code = static_cast<std::uint16_t>(status.code);
  return error;
}

void throw_bad_access(const Status& status) { throw runtime::ErrorException{to_error(status)}; }

}  // namespace thresher::gpu
