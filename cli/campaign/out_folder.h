// The folder of a campaign: its journal, its summary, and one folder for each failure.
//
//   campaign.jsonl            what was done (append-only; see journal.h)
//   summary.json, summary.txt the end
//   failures/NAME/            report.txt, run.json and the tape of the fastest failing seed
//
// Nothing of an earlier campaign is destroyed: its journal and summaries are set aside under
// `previous/`, and failures of the same name are written anew only by the same failure.
#pragma once

#include "thresher/cli/problem.h"
#include "thresher/cli/run_report.h"

#include <string>

namespace thresher::cli {

class OutFolder {
 public:
  /// Makes the folder if need be. Errors: it cannot be made or written.
  static Parsed<OutFolder> open(const std::string& path);

  const std::string& path() const noexcept { return path_; }
  std::string journal() const { return path_ + "/campaign.jsonl"; }
  /// Sets an earlier campaign's files aside.
  Parsed<void> set_aside();
  /// Makes the folder of a failure and gives its path. Errors: cannot be made.
  Parsed<std::string> failure_folder(const RunSettings& settings, const std::string& label,
                                     std::uint64_t seed);
  /// Writes a whole file or nothing. Errors: a harness problem (disk full).
  static Parsed<void> write(const std::string& path, const std::string& text);

 private:
  explicit OutFolder(std::string path) : path_{std::move(path)} {}
  std::string path_;
};

}  // namespace thresher::cli
