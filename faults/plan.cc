// Words of rules, and the names of result codes that plans use: the enumerators, which are written
// once more here since C++20 cannot list them; a test holds the list to the table of codes.
#include "thresher/faults/plan.h"

#include "thresher/runtime/base/assert.h"

#include <array>
#include <utility>

namespace thresher::faults {

namespace {

using enum gpu::DriverResult;

constexpr std::array<std::pair<std::string_view, gpu::DriverResult>, 40> codes{{
    {"invalid_value", invalid_value},
    {"out_of_memory", out_of_memory},
    {"not_initialized", not_initialized},
    {"deinitialized", deinitialized},
    {"stub_library", stub_library},
    {"device_unavailable", device_unavailable},
    {"no_device", no_device},
    {"invalid_device", invalid_device},
    {"invalid_image", invalid_image},
    {"invalid_context", invalid_context},
    {"no_binary_for_gpu", no_binary_for_gpu},
    {"ecc_uncorrectable", ecc_uncorrectable},
    {"invalid_ptx", invalid_ptx},
    {"nvlink_uncorrectable", nvlink_uncorrectable},
    {"jit_compiler_not_found", jit_compiler_not_found},
    {"unsupported_ptx_version", unsupported_ptx_version},
    {"contained", contained},
    {"operating_system", operating_system},
    {"invalid_handle", invalid_handle},
    {"illegal_state", illegal_state},
    {"not_found", not_found},
    {"not_ready", not_ready},
    {"illegal_address", illegal_address},
    {"launch_out_of_resources", launch_out_of_resources},
    {"launch_timeout", launch_timeout},
    {"primary_context_active", primary_context_active},
    {"context_is_destroyed", context_is_destroyed},
    {"assert", gpu::DriverResult::assert},
    {"hardware_stack_error", hardware_stack_error},
    {"illegal_instruction", illegal_instruction},
    {"misaligned_address", misaligned_address},
    {"invalid_address_space", invalid_address_space},
    {"invalid_pc", invalid_pc},
    {"launch_failed", launch_failed},
    {"cooperative_launch_too_large", cooperative_launch_too_large},
    {"not_permitted", not_permitted},
    {"not_supported", not_supported},
    {"system_not_ready", system_not_ready},
    {"timeout", timeout},
    {"unknown", unknown},
}};

std::string point_text(const Point& point) {
  switch (point.kind) {
    case PointKind::call:
      return point.call ? std::string{gpu::name(*point.call)} : "any driver call";
    case PointKind::reset:
      return point.reset ? std::string{plan_name(*point.reset)} + " reset" : "any reset";
    case PointKind::canary: return "canary";
    case PointKind::storage:
      return point.storage ? "storage " + std::string{name(*point.storage)} : "any storage call";
    case PointKind::start: return "start";
  }
  THRESHER_UNREACHABLE();
}

}  // namespace

std::optional<gpu::DriverResult> result_named(std::string_view name) noexcept {
  for (const auto& [known, code] : codes) {
    if (known == name) return code;
  }
  return std::nullopt;
}

std::string_view plan_name(gpu::DriverResult code) noexcept {
  for (const auto& [name, known] : codes) {
    if (known == code) return name;
  }
  return gpu::name(code);
}

std::string_view plan_name(gpu::ResetType type) noexcept {
  switch (type) {
    case gpu::ResetType::soft: return "soft";
    case gpu::ResetType::context: return "context";
    case gpu::ResetType::hard: return "hard";
    case gpu::ResetType::full: return "full";
  }
  THRESHER_UNREACHABLE();
}

std::string_view name(StorageCall call) noexcept {
  switch (call) {
    case StorageCall::read: return "read";
    case StorageCall::write: return "write";
    case StorageCall::clear: return "clear";
  }
  THRESHER_UNREACHABLE();
}

Plan Plan::within(std::uint32_t device_count) const {
  THRESHER_ASSERT(device_count >= 1);
  Plan plan = *this;
  std::erase_if(plan.rules, [&](const Rule& rule) {
    return rule.point.device && rule.point.device->value >= device_count;
  });
  return plan;
}

std::string Rule::text() const {
  std::string line = point_text(point);
  if (point.device) line += " on device " + std::to_string(point.device->value);
  line += ": " + std::string{name(effect.kind)};
  if (effect.kind == FaultKind::result) line += " " + std::string{plan_name(effect.code)};
  if (effect.duration.count() > 0) line += " " + std::to_string(effect.duration.count()) + " ns";
  if (effect.until != Until::call) line += " until " + std::string{name(effect.until)};
  return label.empty() ? line : label + " (" + line + ")";
}

}  // namespace thresher::faults
