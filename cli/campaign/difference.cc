// Where two traces of one run part ways. Long lines are cut when they are shown, never when they
// are compared.
#include "thresher/cli/campaign/difference.h"

#include <fstream>

namespace thresher::cli {

namespace {

constexpr std::size_t context_lines = 5;
constexpr std::size_t shown_chars_max = 400;

std::string shown(const std::string& line) {
  if (line.empty()) return "(the trace has ended)";
  return line.size() <= shown_chars_max ? line : line.substr(0, shown_chars_max) + "...";
}

}  // namespace

Difference first_difference(const std::string& first, const std::string& second) {
  std::ifstream one{first};
  std::ifstream other{second};
  Difference difference;
  std::uint64_t line = 0;
  while (true) {
    difference.first.clear();
    difference.second.clear();
    const bool more = static_cast<bool>(std::getline(one, difference.first));
    const bool other_more = static_cast<bool>(std::getline(other, difference.second));
    line += 1;
    if (!more && !other_more) return difference;
    if (more != other_more || difference.first != difference.second) {
      difference.line = line;
      return difference;
    }
    difference.before.push_back(difference.first);
    if (difference.before.size() > context_lines) {
      difference.before.erase(difference.before.begin());
    }
  }
}

std::string text_of(const Difference& difference) {
  if (difference.line == 0) {
    return "  the traces of two more runs, one in each process, are equal\n";
  }
  std::string text =
      "  the traces first differ in line " + std::to_string(difference.line) + ":\n";
  for (const std::string& line : difference.before) text += "    both    " + shown(line) + "\n";
  text += "    first   " + shown(difference.first) + "\n";
  return text + "    second  " + shown(difference.second) + "\n";
}

}  // namespace thresher::cli
