// A plain table for a terminal.
// Widths are counted in bytes: labels and names are plain ASCII.
#include "thresher/cli/campaign/table.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::cli {

void Table::add(std::vector<std::string> cells) {
  THRESHER_ASSERT(cells.size() == rows_.front().size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line = "  " + row[0] + std::string(widths[0] - row[0].size(), ' ');
    for (std::size_t i = 1; i < row.size(); ++i) {
      line += "  " + std::string(widths[i] - row[i].size(), ' ') + row[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace thresher::cli
