// A plain table for a terminal: columns as wide as their widest cell. Knows nothing of what it
// shows; no colours, no wrapping.
#pragma once

#include <string>
#include <vector>

namespace thresher::cli {

class Table {
 public:
  /// The heading decides the number of columns.
  explicit Table(std::vector<std::string> heading) { rows_.push_back(std::move(heading)); }
  /// Requires: as many cells as the heading has.
  void add(std::vector<std::string> cells);
  bool empty() const noexcept { return rows_.size() == 1; }
  /// Lines with two spaces before them; the first column to the left, the others to the right.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace thresher::cli
