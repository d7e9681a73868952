// The table of fault kinds, in the order of the enumeration, so that a row is found by its number;
// checked at compile time.
#include "thresher/faults/kind.h"

#include "thresher/runtime/base/assert.h"

#include <array>

namespace thresher::faults {

namespace {

using enum FaultKind;
using enum Target;
constexpr bool silent = true;
constexpr bool loud = false;

constexpr std::array table{
    KindRow{result, "result", MadeAt::call, any_call, loud, "the call answers a result code"},
    KindRow{delay, "delay", MadeAt::call, any_call, loud, "the call takes longer"},
    KindRow{worker_dies, "worker_dies", MadeAt::process, any_call, loud,
            "the process that holds the driver dies in the call"},
    KindRow{kernel_stuck, "kernel_stuck", MadeAt::device, launch, loud, "the kernel spins"},
    KindRow{kernel_slow, "kernel_slow", MadeAt::device, launch, loud, "the kernel takes longer"},
    KindRow{copy_slow, "copy_slow", MadeAt::device, copy, loud, "the copy takes longer"},
    KindRow{launch_failed, "launch_failed", MadeAt::device, launch, loud, "the kernel traps"},
    KindRow{illegal_address, "illegal_address", MadeAt::device, launch, loud,
            "the kernel stores out of bounds"},
    KindRow{misaligned_address, "misaligned_address", MadeAt::device, launch, loud,
            "the kernel loads misaligned"},
    KindRow{device_assert, "device_assert", MadeAt::device, launch, loud,
            "an assert in the kernel fails"},
    KindRow{ecc_uncorrectable, "ecc_uncorrectable", MadeAt::device, launch, loud,
            "device memory gave wrong bits and noticed"},
    KindRow{nvlink_uncorrectable, "nvlink_uncorrectable", MadeAt::device, launch, loud,
            "a link between devices failed"},
    KindRow{corrupted_result, "corrupted_result", MadeAt::device, launch, silent,
            "one bit of the kernel's output is flipped"},
    KindRow{corrupted_copy, "corrupted_copy", MadeAt::device, copy, silent,
            "one bit of the copy is flipped"},
    KindRow{context_lost, "context_lost", MadeAt::device, context_call, loud,
            "the context is destroyed under its users"},
    KindRow{fallen_off_bus, "fallen_off_bus", MadeAt::device, any_call, loud,
            "the device is gone"},
    KindRow{memory_filled, "memory_filled", MadeAt::device, any_call, loud,
            "allocations fail above a fill"},
    KindRow{memory_fragmented, "memory_fragmented", MadeAt::device, any_call, loud,
            "free memory is in small pieces"},
    KindRow{device_missing, "device_missing", MadeAt::device, start, loud,
            "the device is not there at the start"},
    KindRow{no_success, "no_success", MadeAt::layer, step, loud,
            "the step answers without success"},
    KindRow{error, "error", MadeAt::layer, step, loud, "the step answers an error"},
    KindRow{hang, "hang", MadeAt::layer, step, loud, "the step takes until its deadline"},
    KindRow{false_success, "false_success", MadeAt::layer, step, silent,
            "the step does nothing and answers success"},
    KindRow{storage_fails_before, "storage_fails_before", MadeAt::storage, Target::storage, loud,
            "the call fails and nothing was applied"},
    KindRow{storage_fails_after, "storage_fails_after", MadeAt::storage, Target::storage, loud,
            "the call fails although it was applied"},
    KindRow{storage_conflict, "storage_conflict", MadeAt::storage, Target::storage, loud,
            "the call answers an ETag conflict"},
    KindRow{storage_slow, "storage_slow", MadeAt::storage, Target::storage, loud,
            "the call takes longer"},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table[i].kind) != i) return false;
  }
  return table.size() == fault_kind_count;
}
static_assert(in_order(), "kind_row looks up by number");

}  // namespace

std::span<const KindRow> kind_table() noexcept { return table; }

const KindRow& kind_row(FaultKind kind) noexcept {
  const auto index = static_cast<std::size_t>(kind);
  THRESHER_ASSERT(index < table.size());
  return table[index];
}

std::string_view name(FaultKind kind) noexcept { return kind_row(kind).name; }

std::optional<FaultKind> kind_named(std::string_view name) noexcept {
  for (const KindRow& row : table) {
    if (row.name == name) return row.kind;
  }
  return std::nullopt;
}

std::string_view name(MadeAt made_at) noexcept {
  switch (made_at) {
    case MadeAt::call: return "call";
    case MadeAt::device: return "device";
    case MadeAt::process: return "process";
    case MadeAt::layer: return "layer";
    case MadeAt::storage: return "storage";
  }
  THRESHER_UNREACHABLE();
}

std::string_view name(Until until) noexcept {
  switch (until) {
    case Until::call: return "call";
    case Until::context_destroyed: return "context_destroyed";
    case Until::process_replaced: return "process_replaced";
    case Until::never: return "never";
  }
  THRESHER_UNREACHABLE();
}

}  // namespace thresher::faults
