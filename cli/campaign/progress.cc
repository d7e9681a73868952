// How far a campaign is. The line is a pure function; only `show` knows of streams and of when to
// be silent.
#include "thresher/cli/campaign/progress.h"

#include "thresher/cli/text.h"

#include <algorithm>
#include <ostream>
#include <unistd.h>

namespace thresher::cli {

namespace {

constexpr std::chrono::milliseconds bar_every{200};
constexpr std::chrono::milliseconds line_every{10'000};
constexpr std::uint64_t bar_chars = 24;

/// In thousandths; whichever of seeds and time is nearer to its end.
std::uint64_t share(const ProgressFacts& facts) {
  const std::uint64_t of_runs = facts.planned == 0 ? 0 : facts.done * 1000 / facts.planned;
  if (facts.budget.count() == 0) return of_runs;
  const auto of_time = static_cast<std::uint64_t>(facts.elapsed * 1000 / facts.budget);
  return std::min<std::uint64_t>(1000, std::max(of_runs, of_time));
}

std::string rate(std::uint64_t amount, std::chrono::milliseconds elapsed) {
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(1, elapsed.count()));
  return grouped(amount * 1000 / milliseconds);
}

}  // namespace

std::string progress_line(const ProgressFacts& facts) {
  const std::uint64_t thousandths = share(facts);
  const auto full = static_cast<std::size_t>(thousandths * bar_chars / 1000);
  const auto simulated = static_cast<std::uint64_t>(facts.simulated.count() / 1000);
  return "[" + std::string(full, '#') + std::string(bar_chars - full, ' ') + "] " +
         std::to_string(thousandths / 10) + "%  " + rate(facts.runs, facts.elapsed) + " runs/s  " +
         rate(simulated, facts.elapsed) + " simulated s/s  " +
         counted(facts.failures, "failure") + "  " +
         std::to_string(facts.elapsed.count() / 1000) + " s";
}

void Progress::show(const ProgressFacts& facts) {
  const auto every = style_ == Style::bar ? bar_every : line_every;
  if (style_ == Style::off || facts.elapsed - shown_at_ < every) return;
  shown_at_ = facts.elapsed;
  bar_on_screen_ = style_ == Style::bar;
  if (bar_on_screen_) {
    err_ << "\r" << progress_line(facts) << "\033[K" << std::flush;
  } else {
    err_ << progress_line(facts) << std::endl;
  }
}

void Progress::clear() {
  if (bar_on_screen_) err_ << "\r\033[K" << std::flush;
  bar_on_screen_ = false;
}

Progress::Style progress_style(bool quiet) {
  if (quiet) return Progress::Style::off;
  return ::isatty(STDERR_FILENO) == 1 ? Progress::Style::bar : Progress::Style::lines;
}

}  // namespace thresher::cli
