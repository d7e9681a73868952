// Strict reading of one JSON object: what was not asked for is an error, and so is a wrong type.
//
// The first problem is kept, later ones are dropped, and nothing throws; after a problem every
// read leaves its target as it was. Messages have one form: path, rule, and the value that is
// there. Used for fault plans and device profiles.
#pragma once

#include <nlohmann/json.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::faults {

/// Larger numbers are typing errors, and would overflow products of bytes and nanoseconds.
inline constexpr std::uint64_t json_number_max = std::uint64_t{1} << 50;

/// Where the first problem of a document is kept; none while all is well.
using JsonProblem = std::optional<std::string>;

class JsonObjectReader {
 public:
  /// `object` and `problem` outlive the reader. Call `finish` at the end.
  JsonObjectReader(const nlohmann::json& object, std::string path, JsonProblem& problem);
  JsonObjectReader(const JsonObjectReader&) = delete;
  JsonObjectReader& operator=(const JsonObjectReader&) = delete;
  ~JsonObjectReader();

  /// The value of `key`, or null when it is absent; counts as read.
  const nlohmann::json* take(const char* key);
  bool has(const char* key) const;

  template <std::integral Number>
  void number(const char* key, Number& into, std::uint64_t least = 0) {
    const std::uint64_t most = std::min<std::uint64_t>(
        json_number_max, static_cast<std::uint64_t>(std::numeric_limits<Number>::max()));
    if (const auto value = whole(key, least, most)) into = static_cast<Number>(*value);
  }
  void text(const char* key, std::string& into);
  void truth(const char* key, bool& into);
  /// Refuses `value`, which is at `key`; an empty key is the object itself.
  void refuse(std::string_view key, const std::string& rule, const nlohmann::json& value);
  /// Refuses the object for lacking `key`.
  void require(const char* key, const std::string& why);
  bool failed() const noexcept { return problem_.has_value(); }
  /// Refuses keys that were not read.
  void finish();

 private:
  std::optional<std::uint64_t> whole(const char* key, std::uint64_t least, std::uint64_t most);

  const nlohmann::json& object_;
  std::string path_;
  JsonProblem& problem_;
  std::vector<std::string> taken_;
  bool finished_ = false;
};

}  // namespace thresher::faults
