// The vocabulary of faults: what may fail, where it is made, and whether it is promised survivable.
//
// A fault is what must be survived; a bug is what must be caught: nothing here names a bug. The
// table is data, printed in docs/fault-model.md and held to it by a test.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace thresher::faults {

enum class FaultKind : std::uint8_t {
  // Of any driver call.
  result,              ///< The call answers a code, once or until something ends it.
  delay,               ///< The call takes longer; its worker is busy.
  worker_dies,         ///< The process that holds the driver dies in the call.
  // Of the device, made with a call.
  kernel_stuck,        ///< The kernel spins for a time, or until something ends it.
  kernel_slow,         ///< The kernel takes longer.
  copy_slow,           ///< The copy takes longer.
  launch_failed,       ///< The kernel traps (719).
  illegal_address,     ///< The kernel stores out of bounds (700).
  misaligned_address,  ///< The kernel loads misaligned (716).
  device_assert,       ///< An assert in the kernel fails (710).
  ecc_uncorrectable,   ///< Memory gave wrong bits and noticed (214).
  nvlink_uncorrectable,///< A link failed (220).
  corrupted_result,    ///< The kernel's output has one bit flipped. Silent.
  corrupted_copy,      ///< The copy has one bit flipped. Silent.
  context_lost,        ///< The context is destroyed under its users (709).
  fallen_off_bus,      ///< The device is gone (Xid 79): every context answers 999.
  memory_filled,       ///< Allocations fail while more than so much is in use.
  memory_fragmented,   ///< No free range is larger than so much.
  device_missing,      ///< The device is not there when the run starts.
  // Of a step of the accelerator layer.
  no_success,          ///< The step answers, without success.
  error,               ///< The step answers an error.
  hang,                ///< The step takes until its deadline.
  false_success,       ///< The step does nothing and answers success. A lie.
  // Of the storage seam.
  storage_fails_before,///< The call fails and nothing was applied.
  storage_fails_after, ///< The call fails although it was applied.
  storage_conflict,    ///< The call answers an ETag conflict.
  storage_slow,        ///< The call takes longer.
};
inline constexpr std::size_t fault_kind_count = 27;

/// Where an effect is made: `call` on any device; `device` by the simulated device, or by a
/// saboteur on a real one; `process` by killing; `layer` and `storage` at those seams.
enum class MadeAt : std::uint8_t { call, device, process, layer, storage };
std::string_view name(MadeAt made_at) noexcept;

/// What a rule may name for a kind to strike.
enum class Target : std::uint8_t { any_call, launch, copy, context_call, start, step, storage };

struct KindRow {
  FaultKind kind;
  std::string_view name;
  MadeAt made_at;
  Target target;
  /// Nobody is told: drawn only where a scenario claims to detect it.
  bool silent;
  /// One line for people.
  std::string_view meaning;
};

std::span<const KindRow> kind_table() noexcept;
const KindRow& kind_row(FaultKind kind) noexcept;
std::string_view name(FaultKind kind) noexcept;
std::optional<FaultKind> kind_named(std::string_view name) noexcept;

/// What ends an effect that stays. `call`: it does not stay.
enum class Until : std::uint8_t { call, context_destroyed, process_replaced, never };
std::string_view name(Until until) noexcept;

}  // namespace thresher::faults
