// Strict reading of a profile: every key is looked for by name, and what is left over is an error.
// The first problem found is the one reported; nothing throws.
#include "thresher/sim/device/device_profile.h"

#include "thresher/faults/json_reader.h"
#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/built_in_profiles.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace thresher::sim {

namespace {

using Json = nlohmann::json;

using Reader = faults::JsonObjectReader;

void read_properties(const Json& json, gpu::DeviceProperties& into,
                     faults::JsonProblem& problem) {
  Reader reader{json, "$.device", problem};
  reader.text("name", into.name);
  reader.number("memory_bytes", into.memory_bytes, std::uint64_t{64} << 20);
  reader.number("multiprocessors", into.multiprocessors, 1);
  reader.number("compute_major", into.compute_major, 1);
  reader.number("compute_minor", into.compute_minor);
  reader.number("threads_per_block_max", into.threads_per_block_max, 1);
  reader.number("shared_bytes_per_block_max", into.shared_bytes_per_block_max);
  reader.finish();
}

void read_calls(const Json& json, DeviceProfile& into, faults::JsonProblem& problem) {
  Reader reader{json, "$.calls_ns", problem};
  for (std::size_t call = 0; call < gpu::driver_call_count; ++call) {
    const std::string key{gpu::name(static_cast<gpu::DriverCall>(call))};
    reader.number(key.c_str(), into.call_ns[call]);
  }
  reader.finish();
}

void read_kernel(const Json& json, DeviceProfile& into, faults::JsonProblem& problem) {
  Reader reader{json, "$.kernel", problem};
  reader.number("fixed_ns", into.kernel_fixed_ns);
  reader.number("instructions_per_us", into.instructions_per_us, 1);
  reader.finish();
}

void read_copy(const Json& json, DeviceProfile& into, faults::JsonProblem& problem) {
  Reader reader{json, "$.copy", problem};
  reader.number("fixed_ns", into.copy_fixed_ns);
  reader.number("bytes_to_device_per_us", into.bytes_to_device_per_us, 1);
  reader.number("bytes_to_host_per_us", into.bytes_to_host_per_us, 1);
  reader.number("bytes_on_device_per_us", into.bytes_on_device_per_us, 1);
  reader.finish();
}

std::optional<std::string> read_profile(const Json& json, DeviceProfile& into) {
  faults::JsonProblem problem;
  Reader reader{json, "$", problem};
  reader.text("name", into.name);
  reader.text("origin", into.origin);
  reader.number("context_bytes", into.context_bytes);
  reader.number("copy_engines", into.copy_engines, 1);
  reader.number("kernels_per_context", into.kernels_per_context, 1);
  reader.number("stream_depth_max", into.stream_depth_max, 1);
  reader.truth("contains_errors", into.contains_errors);
  reader.number("ptx_compile_ns", into.ptx_compile_ns);
  if (const Json* part = reader.take("device")) read_properties(*part, into.properties, problem);
  if (const Json* part = reader.take("calls_ns")) read_calls(*part, into, problem);
  if (const Json* part = reader.take("kernel")) read_kernel(*part, into, problem);
  if (const Json* part = reader.take("copy")) read_copy(*part, into, problem);
  reader.finish();
  return problem;
}

runtime::Expected<DeviceProfile, ProfileError> parse_over(DeviceProfile base,
                                                          std::string_view text) {
  const Json json = Json::parse(text, nullptr, false, true);
  if (json.is_discarded()) {
    return runtime::Unexpected{ProfileError{"$: the profile is no JSON document"}};
  }
  if (auto problem = read_profile(json, base)) {
    return runtime::Unexpected{ProfileError{std::move(*problem)}};
  }
  if (base.context_bytes >= base.properties.memory_bytes) {
    return runtime::Unexpected{ProfileError{
        "$.context_bytes: must be less than device.memory_bytes, but is " +
        std::to_string(base.context_bytes)}};
  }
  return base;
}

}  // namespace

runtime::Duration DeviceProfile::kernel_cost(std::uint64_t threads,
                                             std::uint32_t instructions) const noexcept {
  THRESHER_ASSERT(instructions_per_us > 0);
  __extension__ using Wide = unsigned __int128;
  const Wide work = Wide{threads} * instructions * 1000;
  const Wide time = (work + instructions_per_us - 1) / instructions_per_us;
  return runtime::Duration{kernel_fixed_ns + static_cast<std::int64_t>(time)};
}

runtime::Duration DeviceProfile::copy_cost(std::uint64_t bytes,
                                           std::uint64_t bytes_per_us) const noexcept {
  THRESHER_ASSERT(bytes_per_us > 0);
  __extension__ using Wide = unsigned __int128;
  const Wide time = (Wide{bytes} * 1000 + bytes_per_us - 1) / bytes_per_us;
  return runtime::Duration{copy_fixed_ns + static_cast<std::int64_t>(time)};
}

runtime::Expected<DeviceProfile, ProfileError> DeviceProfile::parse(std::string_view text) {
  return parse_over(standard(), text);
}

const DeviceProfile& DeviceProfile::standard() {
  // A constant: parsed once, never changed afterwards.
  static const DeviceProfile profile = [] {
    auto parsed = parse_over(DeviceProfile{}, default_profile_text);
    THRESHER_ASSERT(parsed.has_value());
    return *std::move(parsed);
  }();
  return profile;
}

runtime::Expected<DeviceProfile, ProfileError> DeviceProfile::named(std::string_view name) {
  if (name == "default") return standard();
  if (name == "h200") return parse(h200_profile_text);
  std::string known;
  for (const std::string& one : names()) known += (known.empty() ? "" : ", ") + one;
  return runtime::Unexpected{ProfileError{"no device profile is called '" + std::string{name} +
                                          "'; there are " + known + ", or give a file"}};
}

std::vector<std::string> DeviceProfile::names() { return {"default", "h200"}; }

}  // namespace thresher::sim
