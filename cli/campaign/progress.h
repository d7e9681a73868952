// How far a campaign is, on standard error: a bar on a terminal, else a line every ten seconds.
// Never part of the results: a campaign that is told nothing finds the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace thresher::cli {

/// What there is to tell at one moment.
struct ProgressFacts {
  std::uint64_t done = 0;
  std::uint64_t planned = 0;
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  std::chrono::milliseconds simulated{};
  std::chrono::milliseconds elapsed{};
  /// The budget of time, zero for none.
  std::chrono::milliseconds budget{};
};

/// "[#####     ] 50%  1,234 runs/s  56 simulated s/s  3 failures  12 s".
std::string progress_line(const ProgressFacts& facts);

class Progress {
 public:
  enum class Style { off, bar, lines };
  Progress(std::ostream& err, Style style) : err_{err}, style_{style} {}

  /// Shows `facts` if it is time to.
  void show(const ProgressFacts& facts);
  /// Takes the bar away, before something else is printed.
  void clear();

 private:
  std::ostream& err_;
  Style style_;
  std::chrono::milliseconds shown_at_{};
  bool bar_on_screen_ = false;
};

/// The style that fits where standard error goes.
Progress::Style progress_style(bool quiet);

}  // namespace thresher::cli
