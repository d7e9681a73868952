// A named writer of log records, given to grains and parts; the records go through the Probe. Any
// thread; the text is made by the caller.
#pragma once

#include "thresher/runtime/fiber/probe.h"

#include <string>
#include <string_view>
#include <utility>

namespace thresher::runtime {

/// A value: a name and a reference to the probe, which outlives it.
class Logger {
 public:
  Logger(Probe& probe, std::string name) : probe_{&probe}, name_{std::move(name)} {}

  /// True when a record of that level goes somewhere; ask before making costly text.
  bool logs(LogLevel level) const noexcept { return probe_->logs(level); }
  void log(LogLevel level, std::string_view text) const noexcept {
    probe_->log(level, name_, text);
  }
  void info(std::string_view text) const noexcept { log(LogLevel::info, text); }
  void warning(std::string_view text) const noexcept { log(LogLevel::warning, text); }
  void error(std::string_view text) const noexcept { log(LogLevel::error, text); }
  const std::string& name() const noexcept { return name_; }

 private:
  Probe* probe_;
  std::string name_;
};

}  // namespace thresher::runtime
