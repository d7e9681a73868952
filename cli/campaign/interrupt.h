// Ctrl-C and its like during a campaign: noticed, not obeyed at once, so that results are saved.
// Owns the signal actions of the process while it lives; main thread only.
#pragma once

#include <csignal>

namespace thresher::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP only set a flag (a second one ends the program as
/// usual), and a file that grows too large is a failed write. One at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// Whether a signal came since the watch began.
  bool interrupted() const noexcept;

 private:
  struct sigaction before_[4];
};

}  // namespace thresher::cli
