// Strict reading of a profile: every key is looked for by name, and what is left over is an error.
// The first problem found is the one reported; nothing throws.
#include "thresher/sim/device/device_profile.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/sim/device/built_in_profiles.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace thresher::sim {

namespace {

using Json = nlohmann::json;

/// Larger numbers are typing errors, and would overflow products of bytes and nanoseconds.
constexpr std::uint64_t number_max = std::uint64_t{1} << 50;

/// Reads one JSON object, remembering the first thing that is wrong.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, std::optional<std::string>& problem)
      : object_{object}, path_{std::move(path)}, problem_{problem} {
    if (!object.is_object()) refuse(path_, "must be an object", object);
  }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;
  ~ObjectReader() { THRESHER_ASSERT(finished_ || problem_.has_value()); }

  template <typename Number>
    requires std::is_integral_v<Number>
  void number(const char* key, Number& into, std::uint64_t least = 0) {
    const Json* found = take(key);
    if (found == nullptr) return;
    const bool counts = found->is_number_unsigned();
    const std::uint64_t value = counts ? found->get<std::uint64_t>() : 0;
    const std::uint64_t most = std::min<std::uint64_t>(
        number_max, static_cast<std::uint64_t>(std::numeric_limits<Number>::max()));
    if (!counts || value < least || value > most) {
      refuse(path_ + "." + key,
             "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most),
             *found);
      return;
    }
    into = static_cast<Number>(value);
  }
  void text(const char* key, std::string& into) {
    const Json* found = take(key);
    if (found == nullptr) return;
    if (!found->is_string()) return refuse(path_ + "." + key, "must be text", *found);
    into = found->get<std::string>();
  }
  void truth(const char* key, bool& into) {
    const Json* found = take(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) return refuse(path_ + "." + key, "must be true or false", *found);
    into = found->get<bool>();
  }
  /// The value of `key`, or null; counts as read.
  const Json* take(const char* key) {
    if (problem_ || !object_.is_object()) return nullptr;
    taken_.emplace_back(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
  }
  /// Refuses what was not read.
  void finish() {
    finished_ = true;
    if (problem_) return;
    for (const auto& [key, value] : object_.items()) {
      if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
      std::string known;
      for (const std::string& name : taken_) known += (known.empty() ? "" : ", ") + name;
      return refuse(path_ + "." + key, "is no key of a profile (known here: " + known + ")", value);
    }
  }

 private:
  void refuse(const std::string& path, const std::string& rule, const Json& value) {
    if (problem_) return;
    std::string shown = value.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (shown.size() > 40) shown = shown.substr(0, 37) + "...";
    problem_ = path + ": " + rule + ", but is " + shown;
  }

  const Json& object_;
  std::string path_;
  std::optional<std::string>& problem_;
  std::vector<std::string> taken_;
  bool finished_ = false;
};

void read_properties(const Json& json, gpu::DeviceProperties& into,
                     std::optional<std::string>& problem) {
  ObjectReader reader{json, "$.device", problem};
  reader.text("name", into.name);
  reader.number("memory_bytes", into.memory_bytes, std::uint64_t{64} << 20);
  reader.number("multiprocessors", into.multiprocessors, 1);
  reader.number("compute_major", into.compute_major, 1);
  reader.number("compute_minor", into.compute_minor);
  reader.number("threads_per_block_max", into.threads_per_block_max, 1);
  reader.number("shared_bytes_per_block_max", into.shared_bytes_per_block_max);
  reader.finish();
}

void read_calls(const Json& json, DeviceProfile& into, std::optional<std::string>& problem) {
  ObjectReader reader{json, "$.calls_ns", problem};
  for (std::size_t call = 0; call < gpu::driver_call_count; ++call) {
    const std::string key{gpu::name(static_cast<gpu::DriverCall>(call))};
    reader.number(key.c_str(), into.call_ns[call]);
  }
  reader.finish();
}

void read_kernel(const Json& json, DeviceProfile& into, std::optional<std::string>& problem) {
  ObjectReader reader{json, "$.kernel", problem};
  reader.number("fixed_ns", into.kernel_fixed_ns);
  reader.number("instructions_per_us", into.instructions_per_us, 1);
  reader.finish();
}

void read_copy(const Json& json, DeviceProfile& into, std::optional<std::string>& problem) {
  ObjectReader reader{json, "$.copy", problem};
  reader.number("fixed_ns", into.copy_fixed_ns);
  reader.number("bytes_to_device_per_us", into.bytes_to_device_per_us, 1);
  reader.number("bytes_to_host_per_us", into.bytes_to_host_per_us, 1);
  reader.number("bytes_on_device_per_us", into.bytes_on_device_per_us, 1);
  reader.finish();
}

std::optional<std::string> read_profile(const Json& json, DeviceProfile& into) {
  std::optional<std::string> problem;
  ObjectReader reader{json, "$", problem};
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
