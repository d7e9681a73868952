// The campaign's memory on disk: one JSON line for its configuration, then one for each fact.
//
// Only appended to, and synced at intervals, so that whatever kills the program costs at most the
// last moments; a torn last line is left out when reading. Writing stops at the first error, which
// stays.
#pragma once

#include "thresher/cli/campaign/campaign_config.h"
#include "thresher/cli/campaign/channel.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thresher::cli {

/// What a journal holds.
struct JournalContents {
  CampaignConfig config;
  std::vector<Fact> facts;
  /// Bytes up to the end of the last whole line.
  std::uint64_t bytes = 0;
};

class Journal {
 public:
  /// Starts a journal, or goes on with one whose first `keep_bytes` are good. Errors: cannot be
  /// written.
  static Parsed<Journal> open(const std::string& path, std::uint64_t keep_bytes);
  /// Reads one. Errors: there is none, or it is none.
  static Parsed<JournalContents> read(const std::string& path);

  void write(const CampaignConfig& config);
  void write(const Fact& fact);
  /// Makes what was written survive a crash of the machine.
  void sync();
  /// The first thing that went wrong, in words with their remedy; "" as long as all is well.
  const std::string& trouble() const noexcept { return trouble_; }

 private:
  Journal(std::string path, Descriptor file) : path_{std::move(path)}, file_{std::move(file)} {}
  void append(const nlohmann::json& line);

  std::string path_;
  Descriptor file_;
  std::string trouble_;
};

}  // namespace thresher::cli
