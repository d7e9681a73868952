// Reset levels, options with their presets, and the result of a reset.
//
// Levels differ by what dies (design, section 4): Soft drains or replaces streams; Context also
// takes back the tenant's buffers and kernels; Hard makes the CUDA context again; Full replaces
// the process that holds the driver. Names and GrainDeactivation, ErrorRecovery and
// CompleteCleanup are the integration guide's, the other presets DotCompute's with Reinitialize
// true; values that the guide leaves open are in docs/decisions/0002-reset-presets.md. Presets
// are constants: DotCompute's are mutable singletons that any caller can change for the whole
// process.
#pragma once

#include "thresher/gpu/device_info.h"
#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::gpu {

/// From what kills least to what kills most; compared with `<`.
enum class ResetType : std::uint8_t { soft, context, hard, full };
std::string_view name(ResetType type) noexcept;

/// The seven fields of the guide. A bare ResetOptions is a Soft reset that waits 30 s at most.
struct ResetOptions {
  ResetType reset_type = ResetType::soft;
  /// Wait for work in flight. Otherwise it is abandoned and replaced.
  bool wait_for_completion = true;
  /// Give the pool's cached blocks back to the driver. Hard and Full always do.
  bool clear_memory_pool = false;
  /// Also drop this accelerator's references to compiled code; code nobody refers to goes.
  bool clear_kernel_cache = false;
  /// The whole reset, waiting for the context included; holds also when the device hangs.
  runtime::Duration timeout = std::chrono::seconds{30};
  /// False closes the accelerator: every later call answers `uninitialised`.
  bool reinitialize = true;
  /// Do not wait for work in flight; overrides wait_for_completion.
  bool force = false;

  constexpr bool waits() const noexcept { return wait_for_completion && !force; }

  static const ResetOptions Default;
  static const ResetOptions Soft;
  static const ResetOptions Context;
  static const ResetOptions Hard;
  static const ResetOptions Full;
  /// Guide: Context, waits, clears the kernel cache, keeps the pool, 5 s.
  static const ResetOptions GrainDeactivation;
  /// Guide: Hard, clears both, forced, 10 s.
  static const ResetOptions ErrorRecovery;
  /// Guide: Full, waits, clears both, does not reinitialise, 30 s.
  static const ResetOptions CompleteCleanup;
};

inline constexpr ResetOptions ResetOptions::Default{};
inline constexpr ResetOptions ResetOptions::Soft{};
inline constexpr ResetOptions ResetOptions::Context{.reset_type = ResetType::context,
                                                    .clear_kernel_cache = true};
inline constexpr ResetOptions ResetOptions::Hard{.reset_type = ResetType::hard,
                                                 .clear_memory_pool = true,
                                                 .clear_kernel_cache = true,
                                                 .timeout = std::chrono::seconds{60}};
inline constexpr ResetOptions ResetOptions::Full{.reset_type = ResetType::full,
                                                 .clear_memory_pool = true,
                                                 .clear_kernel_cache = true,
                                                 .timeout = std::chrono::seconds{60}};
inline constexpr ResetOptions ResetOptions::GrainDeactivation{
    .reset_type = ResetType::context,
    .clear_kernel_cache = true,
    .timeout = std::chrono::seconds{5}};
inline constexpr ResetOptions ResetOptions::ErrorRecovery{.reset_type = ResetType::hard,
                                                          .clear_memory_pool = true,
                                                          .clear_kernel_cache = true,
                                                          .timeout = std::chrono::seconds{10},
                                                          .force = true};
inline constexpr ResetOptions ResetOptions::CompleteCleanup{.reset_type = ResetType::full,
                                                            .clear_memory_pool = true,
                                                            .clear_kernel_cache = true,
                                                            .timeout = std::chrono::seconds{30},
                                                            .reinitialize = false};

/// What a reset took from another accelerator: its handles of `epoch_before` are stale.
struct Invalidated {
  AcceleratorId accelerator;
  std::uint64_t epoch_before = 0;
  std::uint64_t epoch_after = 0;
};

/// A reset that was tried. `success` false means: it failed or ran out of time, and `error` says
/// why. One that could not be tried is an Error of `reset` instead.
struct ResetResult {
  bool success = false;
  ResetType reset_type = ResetType::soft;
  AcceleratorId accelerator;
  DeviceOrdinal device;
  std::uint64_t epoch_before = 0;
  std::uint64_t epoch_after = 0;
  runtime::Duration duration{};
  /// Bytes given back to the driver or lost with the context.
  std::uint64_t memory_freed_bytes = 0;
  /// Bytes that abandoned work may still touch, kept from everybody until Hard or Full.
  std::uint64_t quarantined_bytes = 0;
  /// Launches and copies in flight that were not waited for.
  std::uint64_t pending_operations_cleared = 0;
  std::uint32_t kernels_dropped = 0;
  bool was_reinitialized = false;
  std::optional<runtime::Error> error;
  /// What it took from every other accelerator, by id.
  std::vector<Invalidated> invalidated;

  /// One line for people, made of the fields; says "failed" whenever `success` is false.
  std::string message() const;
};

}  // namespace thresher::gpu
