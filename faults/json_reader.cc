// The reader's checks and messages. Values are shown as JSON, cut to a length that fits a line;
// bytes that are no UTF-8 are replaced, so that a hostile file cannot break the message.
#include "thresher/faults/json_reader.h"

#include "thresher/runtime/base/assert.h"

#include <utility>

namespace thresher::faults {

using Json = nlohmann::json;

namespace {

constexpr std::size_t shown_max = 40;

std::string shown(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > shown_max) text = text.substr(0, shown_max - 3) + "...";
  return text;
}

}  // namespace

JsonObjectReader::JsonObjectReader(const Json& object, std::string path, JsonProblem& problem)
    : object_{object}, path_{std::move(path)}, problem_{problem} {
  if (!object.is_object()) refuse("", "must be an object { ... }", object);
}

JsonObjectReader::~JsonObjectReader() { THRESHER_ASSERT(finished_ || problem_.has_value()); }

const Json* JsonObjectReader::take(const char* key) {
  THRESHER_ASSERT(key != nullptr);
  if (problem_) return nullptr;
  taken_.emplace_back(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

bool JsonObjectReader::has(const char* key) const {
  return object_.is_object() && object_.contains(key);
}

std::optional<std::uint64_t> JsonObjectReader::whole(const char* key, std::uint64_t least,
                                                     std::uint64_t most) {
  THRESHER_ASSERT(least <= most);
  const Json* found = take(key);
  if (found == nullptr) return std::nullopt;
  const bool counts = found->is_number_unsigned();
  const std::uint64_t value = counts ? found->get<std::uint64_t>() : 0;
  if (!counts || value < least || value > most) {
    refuse(key,
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most),
           *found);
    return std::nullopt;
  }
  return value;
}

void JsonObjectReader::text(const char* key, std::string& into) {
  const Json* found = take(key);
  if (found == nullptr) return;
  if (!found->is_string()) return refuse(key, "must be text in quotes", *found);
  into = found->get<std::string>();
}

void JsonObjectReader::truth(const char* key, bool& into) {
  const Json* found = take(key);
  if (found == nullptr) return;
  if (!found->is_boolean()) return refuse(key, "must be true or false", *found);
  into = found->get<bool>();
}

void JsonObjectReader::refuse(std::string_view key, const std::string& rule, const Json& value) {
  if (problem_) return;
  const std::string at = key.empty() ? path_ : path_ + "." + std::string{key};
  problem_ = at + ": " + rule + ", but is " + shown(value);
}

void JsonObjectReader::require(const char* key, const std::string& why) {
  if (problem_ || has(key)) return;
  problem_ = path_ + ": needs \"" + key + "\" (" + why + ")";
}

void JsonObjectReader::finish() {
  finished_ = true;
  if (problem_) return;
  THRESHER_ASSERT(object_.is_object());
  for (const auto& [key, value] : object_.items()) {
    if (std::find(taken_.begin(), taken_.end(), key) != taken_.end()) continue;
    std::string known;
    for (const std::string& name : taken_) known += (known.empty() ? "" : ", ") + name;
    return refuse(key, "is not known here (remove it, or use one of: " + known + ")", value);
  }
}

}  // namespace thresher::faults
