// Log records through spdlog. The only file of the runtime that includes it: no macro, no global
// function and no registry of it is used.
#include "thresher/runtime/threads/log_probe.h"

#include "thresher/runtime/base/assert.h"

#include <spdlog/details/file_helper.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <mutex>
#include <utility>

namespace thresher::runtime {
namespace {

/// Time with microseconds, level, thread, and the text, which begins with its source.
constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%f %L %t %v";

/// Appends to a file that can be opened anew. spdlog's own file sink cannot.
class FileSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(const std::string& name) { file_.open(name); }
  void reopen() {
    const std::lock_guard guard{mutex_};
    file_.reopen(false);
  }

 private:
  void sink_it_(const spdlog::details::log_msg& record) override {
    spdlog::memory_buf_t line;
    formatter_->format(record, line);
    file_.write(line);
  }
  void flush_() override { file_.flush(); }

  spdlog::details::file_helper file_;
};

spdlog::level::level_enum level_of(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::trace: return spdlog::level::trace;
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
    case LogLevel::critical: return spdlog::level::critical;
  }
  THRESHER_UNREACHABLE();
}

}  // namespace

struct LogProbe::Logger {
  // Shared with spdlog's logger, which wants it so.
  std::shared_ptr<FileSink> file;
  spdlog::logger out;

  Logger(spdlog::sink_ptr sink, std::shared_ptr<FileSink> the_file)
      : file{std::move(the_file)}, out{"thresher", std::move(sink)} {
    out.set_pattern(pattern);
    out.set_level(spdlog::level::trace);  // The probe has its own limit.
    out.flush_on(spdlog::level::err);
  }
};

LogProbe::LogProbe(LogLevel level, std::unique_ptr<Logger> logger)
    : level_{level}, logger_{std::move(logger)} {
  THRESHER_ASSERT(logger_ != nullptr);
}

LogProbe::~LogProbe() { flush(); }

Result<std::unique_ptr<LogProbe>> LogProbe::open(const LogProbeOptions& options) {
  std::unique_ptr<Logger> logger;
  if (options.file.empty()) {
    logger = std::make_unique<Logger>(std::make_shared<spdlog::sinks::stderr_sink_mt>(), nullptr);
  } else {
    try {
      const auto file = std::make_shared<FileSink>(options.file);
      logger = std::make_unique<Logger>(file, file);
    } catch (const spdlog::spdlog_ex&) {
      return fail(Errc::configuration);
    }
  }
  return std::unique_ptr<LogProbe>{new LogProbe{options.level, std::move(logger)}};
}

Result<void> LogProbe::reopen() {
  if (logger_->file == nullptr) return {};
  try {
    logger_->file->reopen();
    return {};
  } catch (const spdlog::spdlog_ex&) {
    return fail(Errc::unavailable);
  }
}

void LogProbe::flush() noexcept { logger_->out.flush(); }

std::uint64_t LogProbe::count(EventKind kind) const noexcept {
  return counts_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
}

void LogProbe::event(const Event& event) noexcept {
  const auto kind = static_cast<std::size_t>(event.kind);
  THRESHER_ASSERT(kind < kinds);
  counts_[kind].fetch_add(1, std::memory_order_relaxed);
}

void LogProbe::log(LogLevel level, std::string_view logger, std::string_view text) noexcept {
  if (!logs(level)) return;
  logger_->out.log(level_of(level), "{}: {}", logger, text);
}

}  // namespace thresher::runtime
