// The Probe of a real process: log records through spdlog, events counted, fault points off.
//
// The logger belongs to this object and is in no global registry, so that two silos of one process
// write to their own places. Records go to stderr or to a file, which can be opened anew after it
// was moved away (log rotation). Any thread may call everything; writing takes a lock and may block
// on the disk, which is why levels below the one asked for cost a comparison only.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/fiber/probe.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace thresher::runtime {

struct LogProbeOptions {
  /// Records below it go nowhere.
  LogLevel level = LogLevel::info;
  /// The file to append to; empty for stderr.
  std::string file;
};

class LogProbe final : public Probe {
 public:
  /// Opens the place to write to. Errors: configuration (the file cannot be opened).
  static Result<std::unique_ptr<LogProbe>> open(const LogProbeOptions& options);
  ~LogProbe() override;

  /// Opens the file anew, by its name. Errors: unavailable; then records are lost until it works.
  Result<void> reopen();
  /// Writes what is buffered. Records of level error and above are written at once.
  void flush() noexcept;
  /// How often an event of this kind was told.
  std::uint64_t count(EventKind kind) const noexcept;

  void event(const Event& event) noexcept override;
  void log(LogLevel level, std::string_view logger, std::string_view text) noexcept override;
  bool logs(LogLevel level) const noexcept override { return level >= level_; }
  void reachable(const Site&) noexcept override {}
  bool fault_point(const Site&) noexcept override { return false; }

 private:
  static constexpr std::size_t kinds = static_cast<std::size_t>(EventKind::note) + 1;

  struct Logger;
  LogProbe(LogLevel level, std::unique_ptr<Logger> logger);

  LogLevel level_;
  std::unique_ptr<Logger> logger_;
  std::array<std::atomic<std::uint64_t>, kinds> counts_{};
};

}  // namespace thresher::runtime
