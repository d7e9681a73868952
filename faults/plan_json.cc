// Reading and printing plans as JSON. Reading checks each rule as a whole once its parts are read:
// what an effect needs, what it may not have, and where it can be made at all.
#include "thresher/faults/json_reader.h"
#include "thresher/faults/plan.h"
#include "thresher/runtime/base/assert.h"

#include <array>
#include <charconv>
#include <utility>

namespace thresher::faults {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;
using Reader = JsonObjectReader;

/// A plan is for people to write: more rules than this is a mistake, or an attack.
constexpr std::size_t rules_max = 1000;
constexpr std::uint32_t ratio_denominator_max = 1'000'000;
constexpr std::string_view any = "any";

constexpr std::array resets{gpu::ResetType::soft, gpu::ResetType::context, gpu::ResetType::hard,
                            gpu::ResetType::full};
constexpr std::array storage_calls{StorageCall::read, StorageCall::write, StorageCall::clear};
constexpr std::array untils{Until::call, Until::context_destroyed, Until::process_replaced,
                            Until::never};

std::array<gpu::DriverCall, gpu::driver_call_count> all_calls() {
  std::array<gpu::DriverCall, gpu::driver_call_count> calls{};
  for (std::size_t at = 0; at < calls.size(); ++at) calls[at] = static_cast<gpu::DriverCall>(at);
  return calls;
}

/// Reads one of `values` by its name, or `any` as nothing, into `into`.
template <typename Values, typename Value, typename Name>
void choice(Reader& reader, const char* key, const Values& values, Name name_of,
            std::optional<Value>& into) {
  const Json* found = reader.take(key);
  if (found == nullptr) return;
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  if (text == any) return;
  std::string known{any};
  for (const Value value : values) {
    if (text == name_of(value)) {
      into = value;
      return;
    }
    known += ", " + std::string{name_of(value)};
  }
  reader.refuse(key, "must be one of: " + known, *found);
}

void read_point(const Json& json, const std::string& path, Point& into, JsonProblem& problem) {
  Reader reader{json, path, problem};
  constexpr std::array<std::pair<const char*, PointKind>, 5> kinds{{
      {"call", PointKind::call},
      {"reset", PointKind::reset},
      {"canary", PointKind::canary},
      {"storage", PointKind::storage},
      {"start", PointKind::start},
  }};
  int given = 0;
  for (const auto& [key, kind] : kinds) {
    if (!reader.has(key)) continue;
    into.kind = kind;
    ++given;
  }
  if (given != 1) {
    reader.refuse("", "must name exactly one of call, reset, canary, storage, start", json);
  }
  choice(reader, "call", all_calls(), [](gpu::DriverCall call) { return gpu::name(call); },
         into.call);
  choice(reader, "reset", resets, [](gpu::ResetType type) { return plan_name(type); }, into.reset);
  choice(reader, "storage", storage_calls, [](StorageCall call) { return name(call); },
         into.storage);
  for (const char* key : {"canary", "start"}) {
    bool flag = true;
    reader.truth(key, flag);
    if (!flag) reader.refuse(key, "must be true where it is given", false);
  }
  if (reader.has("device")) {
    gpu::DeviceOrdinal device;
    reader.number("device", device.value);
    into.device = device;
  } else {
    reader.take("device");
  }
  reader.finish();
}

void read_ratio(Reader& reader, Ratio& into) {
  const Json* found = reader.take("ratio");
  if (found == nullptr) return;
  const std::string text = found->is_string() ? found->get<std::string>() : "";
  const char* const end = text.data() + text.size();
  Ratio ratio{.num = 0, .den = 0};
  const auto num = std::from_chars(text.data(), end, ratio.num);
  const bool slash = num.ec == std::errc{} && num.ptr != end && *num.ptr == '/';
  const auto den = slash ? std::from_chars(num.ptr + 1, end, ratio.den) : num;
  const bool whole = slash && den.ec == std::errc{} && den.ptr == end;
  const bool in_range =
      ratio.den >= 1 && ratio.den <= ratio_denominator_max && ratio.num <= ratio.den;
  if (!whole || !in_range) {
    return reader.refuse("ratio", "must be an exact ratio from 0/1 to 1/1 such as \"3/100\"",
                         *found);
  }
  into = ratio;
}

void read_condition(const Json& json, const std::string& path, Condition& into,
                    JsonProblem& problem) {
  Reader reader{json, path, problem};
  reader.number("nth", into.nth, 1);
  reader.number("bytes_at_least", into.bytes_at_least);
  reader.number("after_launches", into.after_launches);
  std::uint64_t after_ns = 0;
  reader.number("after_ns", after_ns);
  into.after = runtime::Duration{static_cast<std::int64_t>(after_ns)};
  read_ratio(reader, into.ratio);
  reader.finish();
}

void read_kind(Reader& reader, Effect& into) {
  reader.require("kind", "what happens, such as \"kernel_stuck\"");
  const Json* found = reader.take("kind");
  if (found == nullptr) return;
  const auto kind = kind_named(found->is_string() ? found->get<std::string>() : "");
  if (kind) {
    into.kind = *kind;
    return;
  }
  std::string known;
  for (const KindRow& row : kind_table()) {
    known += (known.empty() ? "" : ", ") + std::string{row.name};
  }
  reader.refuse("kind", "must be one of: " + known, *found);
}

void read_code(Reader& reader, Effect& into) {
  reader.require("code", "the result code, such as \"out_of_memory\"");
  const Json* found = reader.take("code");
  if (found == nullptr) return;
  const auto code = result_named(found->is_string() ? found->get<std::string>() : "");
  if (!code || *code == gpu::DriverResult::not_ready) {
    return reader.refuse("code", "must name a result code of the driver such as \"out_of_memory\"",
                         *found);
  }
  into.code = *code;
}

bool needs_duration(FaultKind kind) {
  return kind == FaultKind::delay || kind == FaultKind::kernel_slow ||
         kind == FaultKind::copy_slow || kind == FaultKind::storage_slow;
}

bool needs_bytes(FaultKind kind) {
  return kind == FaultKind::memory_filled || kind == FaultKind::memory_fragmented;
}

void read_until(Reader& reader, Effect& into) {
  std::optional<Until> until;
  choice(reader, "until", untils, [](Until value) { return name(value); }, until);
  if (into.kind == FaultKind::kernel_stuck) {
    into.until = until.value_or(Until::process_replaced);
    if (into.until == Until::call) {
      reader.refuse("until", "must be context_destroyed, process_replaced or never here", "call");
    }
  } else {
    into.until = until.value_or(Until::call);
  }
}

void read_effect(const Json& json, const std::string& path, Effect& into, JsonProblem& problem) {
  Reader reader{json, path, problem};
  read_kind(reader, into);
  std::uint64_t duration_ns = 0;
  if (needs_duration(into.kind)) {
    reader.require("duration_ns", "how much longer it takes, in nanoseconds");
    reader.number("duration_ns", duration_ns, 1);
  }
  if (into.kind == FaultKind::result) read_code(reader, into);
  if (into.kind == FaultKind::kernel_stuck) reader.number("duration_ns", duration_ns);
  if (into.kind == FaultKind::kernel_stuck || into.kind == FaultKind::result) {
    read_until(reader, into);
  }
  if (needs_bytes(into.kind)) {
    reader.require("bytes", "the fill, or the largest free piece, in bytes");
    reader.number("bytes", into.bytes);
  }
  into.duration = runtime::Duration{static_cast<std::int64_t>(duration_ns)};
  reader.finish();
}

bool is_copy(gpu::DriverCall call) {
  return call == gpu::DriverCall::copy_to_device || call == gpu::DriverCall::copy_to_host ||
         call == gpu::DriverCall::copy_on_device || call == gpu::DriverCall::memory_set;
}

/// What `point` would have to be for `target`, or nothing when it fits.
std::optional<std::string> misfit(const Point& point, Target target) {
  const bool call = point.kind == PointKind::call;
  switch (target) {
    case Target::any_call:
    case Target::context_call:
      if (call) return std::nullopt;
      return "{\"call\": ...}";
    case Target::launch:
      if (call && point.call == gpu::DriverCall::launch_kernel) return std::nullopt;
      return "{\"call\": \"launch_kernel\"}";
    case Target::copy:
      if (call && point.call && is_copy(*point.call)) return std::nullopt;
      return "{\"call\": \"copy_to_device\"} or another copy";
    case Target::start:
      if (point.kind == PointKind::start && point.device) return std::nullopt;
      return "{\"start\": true, \"device\": N}";
    case Target::step:
      if (point.kind == PointKind::reset || point.kind == PointKind::canary) return std::nullopt;
      return "{\"reset\": ...} or {\"canary\": true}";
    case Target::storage:
      if (point.kind == PointKind::storage) return std::nullopt;
      return "{\"storage\": ...}";
  }
  THRESHER_UNREACHABLE();
}

void read_times(Reader& reader, std::uint64_t& into) {
  const Json* found = reader.take("times");
  if (found == nullptr) return;
  if (found->is_string() && found->get<std::string>() == "always") {
    into = 0;
    return;
  }
  const bool counts = found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 &&
                      found->get<std::uint64_t>() <= json_number_max;
  if (!counts) return reader.refuse("times", "must be a number from 1, or \"always\"", *found);
  into = found->get<std::uint64_t>();
}

void read_rule(const Json& json, const std::string& path, Rule& into, JsonProblem& problem) {
  Reader reader{json, path, problem};
  reader.text("label", into.label);
  reader.require("on", "where it strikes, such as {\"call\": \"launch_kernel\"}");
  if (const Json* part = reader.take("on")) read_point(*part, path + ".on", into.point, problem);
  if (const Json* part = reader.take("when")) {
    read_condition(*part, path + ".when", into.when, problem);
  }
  read_times(reader, into.times);
  reader.require("effect", "what happens, such as {\"kind\": \"kernel_stuck\"}");
  if (const Json* part = reader.take("effect")) {
    read_effect(*part, path + ".effect", into.effect, problem);
  }
  if (!problem) {
    const KindRow& row = kind_row(into.effect.kind);
    if (const auto wanted = misfit(into.point, row.target)) {
      reader.refuse("on", "must be " + *wanted + " for the effect " + std::string{row.name},
                    json["on"]);
    }
  }
  reader.finish();
}

OrderedJson point_json(const Point& point) {
  OrderedJson json;
  switch (point.kind) {
    case PointKind::call: json["call"] = point.call ? gpu::name(*point.call) : any; break;
    case PointKind::reset: json["reset"] = point.reset ? plan_name(*point.reset) : any; break;
    case PointKind::canary: json["canary"] = true; break;
    case PointKind::storage: json["storage"] = point.storage ? name(*point.storage) : any; break;
    case PointKind::start: json["start"] = true; break;
  }
  if (point.device) json["device"] = point.device->value;
  return json;
}

OrderedJson condition_json(const Condition& when) {
  OrderedJson json = OrderedJson::object();
  const Condition defaults;
  if (when.nth != defaults.nth) json["nth"] = when.nth;
  if (when.bytes_at_least > 0) json["bytes_at_least"] = when.bytes_at_least;
  if (when.after_launches > 0) json["after_launches"] = when.after_launches;
  if (when.after.count() > 0) json["after_ns"] = when.after.count();
  if (when.ratio != defaults.ratio) {
    json["ratio"] = std::to_string(when.ratio.num) + "/" + std::to_string(when.ratio.den);
  }
  return json;
}

OrderedJson effect_json(const Effect& effect) {
  OrderedJson json;
  json["kind"] = name(effect.kind);
  if (effect.kind == FaultKind::result) json["code"] = plan_name(effect.code);
  if (effect.duration.count() > 0) json["duration_ns"] = effect.duration.count();
  if (effect.until != Until::call) json["until"] = name(effect.until);
  if (needs_bytes(effect.kind)) json["bytes"] = effect.bytes;
  return json;
}

}  // namespace

runtime::Expected<Plan, PlanError> Plan::parse(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false, true);
  if (json.is_discarded()) {
    return runtime::Unexpected{PlanError{
        "$: the plan is no JSON document (check quotes, commas and brackets)"}};
  }
  Plan plan;
  JsonProblem problem;
  Reader reader{json, "$", problem};
  reader.require("rules", "a list of rules");
  if (const Json* rules = reader.take("rules")) {
    if (!rules->is_array() || rules->size() > rules_max) {
      reader.refuse("rules", "must be a list of at most " + std::to_string(rules_max) + " rules",
                    *rules);
    } else {
      for (std::size_t at = 0; at < rules->size() && !problem; ++at) {
        read_rule((*rules)[at], "$.rules[" + std::to_string(at) + "]", plan.rules.emplace_back(),
                  problem);
      }
    }
  }
  reader.finish();
  if (problem) return runtime::Unexpected{PlanError{std::move(*problem)}};
  return plan;
}

std::string Plan::json() const {
  OrderedJson list = OrderedJson::array();
  for (const Rule& rule : rules) {
    OrderedJson json;
    if (!rule.label.empty()) json["label"] = rule.label;
    json["on"] = point_json(rule.point);
    if (const OrderedJson when = condition_json(rule.when); !when.empty()) json["when"] = when;
    if (rule.times == 0) json["times"] = "always";
    if (rule.times > 1) json["times"] = rule.times;
    json["effect"] = effect_json(rule.effect);
    list.push_back(std::move(json));
  }
  OrderedJson plan;
  plan["rules"] = std::move(list);
  return plan.dump(2, ' ', true, OrderedJson::error_handler_t::replace);
}

}  // namespace thresher::faults
