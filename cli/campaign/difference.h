// Where two traces of one run part ways: the first line that differs, with what led to it.
//
// Reads trace files line by line and keeps a few lines only, since traces are long. Knows nothing
// of what the lines say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thresher::cli {

struct Difference {
  /// Number of the first line that differs, from 1; 0 when no line does.
  std::uint64_t line = 0;
  /// The lines just before it, which both traces share.
  std::vector<std::string> before;
  /// The line in each trace; "" where a trace has ended.
  std::string first;
  std::string second;
};

/// Compares two files; one that cannot be read counts as empty.
Difference first_difference(const std::string& first, const std::string& second);

/// The difference in words, each line indented.
std::string text_of(const Difference& difference);

}  // namespace thresher::cli
