// Paths into values, as in "items[3].name", built from the innermost part outwards. For reports of
// decoding and comparing; never on a path that succeeds.
#pragma once

#include <string>

namespace thresher::runtime {

/// Puts `part` (a field's name, or an index in brackets) before `path`.
inline void put_before(std::string& path, const std::string& part) {
  const bool joined = path.empty() || path.front() == '[';
  path = joined ? part + path : part + "." + path;
}

}  // namespace thresher::runtime
