// Ctrl-C and its like during a campaign. The handler sets a flag and nothing else; whoever runs
// the campaign looks at it.
#include "thresher/cli/campaign/interrupt.h"

#include <array>

namespace thresher::cli {

namespace {

constexpr std::array<int, 4> watched{SIGINT, SIGTERM, SIGHUP, SIGXFSZ};
constexpr std::size_t interrupting = 3;

/// Signal handlers have no other way to tell.
volatile std::sig_atomic_t signal_came = 0;

void note(int) { signal_came = 1; }

}  // namespace

InterruptWatch::InterruptWatch() {
  signal_came = 0;
  for (std::size_t i = 0; i < watched.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = i < interrupting ? note : SIG_IGN;
    // The second signal finds the default again: nobody must wait for a program that saves.
    action.sa_flags = i < interrupting ? static_cast<int>(SA_RESETHAND) : 0;
    ::sigaction(watched[i], &action, &before_[i]);
  }
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < watched.size(); ++i) {
    ::sigaction(watched[i], &before_[i], nullptr);
  }
}

bool InterruptWatch::interrupted() const noexcept { return signal_came != 0; }

}  // namespace thresher::cli
