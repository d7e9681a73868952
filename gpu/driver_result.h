// Result codes of the CUDA driver, their names and the recovery they call for.
//
// Values are CUresult's; the table is data (driver_result.cc), tested against cuda.h where CUDA is
// installed. Source: cuda.h of CUDA 13.0 and the table of codes in docs/fault-model.md.
#pragma once

#include "thresher/runtime/base/error.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace thresher::gpu {

/// CUresult. Only codes that some caller or fault plan names are listed; others keep their number.
enum class DriverResult : std::uint16_t {
  success = 0,
  invalid_value = 1,
  out_of_memory = 2,
  not_initialized = 3,
  deinitialized = 4,
  stub_library = 34,
  device_unavailable = 46,
  no_device = 100,
  invalid_device = 101,
  invalid_image = 200,
  invalid_context = 201,
  no_binary_for_gpu = 209,
  ecc_uncorrectable = 214,
  invalid_ptx = 218,
  nvlink_uncorrectable = 220,
  jit_compiler_not_found = 221,
  unsupported_ptx_version = 222,
  contained = 226,
  operating_system = 304,
  invalid_handle = 400,
  illegal_state = 401,
  not_found = 500,
  not_ready = 600,
  illegal_address = 700,
  launch_out_of_resources = 701,
  launch_timeout = 702,
  primary_context_active = 708,
  context_is_destroyed = 709,
  assert = 710,
  hardware_stack_error = 714,
  illegal_instruction = 715,
  misaligned_address = 716,
  invalid_address_space = 717,
  invalid_pc = 718,
  launch_failed = 719,
  cooperative_launch_too_large = 720,
  not_permitted = 800,
  not_supported = 801,
  system_not_ready = 802,
  timeout = 909,
  unknown = 999,
  /// Not CUresult's: the process that holds the driver has ended or is ending. Every call that was
  /// pending in it, and every later one, answers this.
  process_gone = 65000,
};

/// What a code calls for; decides recovery.
enum class ErrorClass : std::uint8_t {
  none,          ///< success, not_ready
  capacity,      ///< trim, spill, retry: no reset helps more
  caller_bug,    ///< report, change nothing
  unavailable,   ///< back off
  context_lost,  ///< Hard
  process_lost,  ///< Full
  device_lost,   ///< quarantine the device, fail over
};

/// How far a code stays: nothing, until the context is destroyed, or until the process ends.
enum class Stickiness : std::uint8_t { none, context, process };

/// One row of the table.
struct ResultRow {
  DriverResult code;
  /// CUDA's own name ("CUDA_ERROR_ILLEGAL_ADDRESS").
  std::string_view cuda_name;
  ErrorClass error_class;
  Stickiness stickiness;
  /// True when it reports earlier asynchronous work rather than the call itself.
  bool asynchronous;
};

std::span<const ResultRow> result_table() noexcept;
/// The row of `code`; codes that are not listed answer the row of `unknown`.
const ResultRow& result_row(DriverResult code) noexcept;
std::string_view name(DriverResult code) noexcept;
ErrorClass classify(DriverResult code) noexcept;

/// A driver call's answer without a value: the code, and whether an injector made it.
struct [[nodiscard]] Status {
  DriverResult code = DriverResult::success;
  bool injected = false;

  constexpr bool ok() const noexcept { return code == DriverResult::success; }
  friend bool operator==(const Status&, const Status&) = default;
};

/// A driver call's answer with a value.
template <typename T>
using Answer = runtime::Expected<T, Status>;

/// The unexpected side of an Answer.
constexpr runtime::Unexpected<Status> refuse(DriverResult code, bool injected = false) noexcept {
  return runtime::Unexpected<Status>{Status{code, injected}};
}

/// The operating error of a failed status: code by class, the driver's code beside it.
/// Requires: `status` is neither success nor not_ready.
runtime::Error to_error(
    Status status, std::uint64_t id = 0,
    runtime::SourceLocation origin = runtime::SourceLocation::here()) noexcept;

/// `value()` of an Answer is for tests: it throws runtime::ErrorException.
[[noreturn]] void throw_bad_access(const Status& status);

}  // namespace thresher::gpu
