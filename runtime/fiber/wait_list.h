// Lists of waits in order of arrival, for the primitives, and the guard that keeps a wait in one.
//
// Not thread-safe: the primitive guards them (or belongs to one worker). Whoever ends a wait takes
// it out first; `WaitEntry` takes out one that nobody did, however its function is left, unwinding
// included.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/intrusive_list.h"
#include "thresher/runtime/fiber/wait.h"

namespace thresher::runtime {

using WaitList = IntrusiveList<Wait>;

/// Keeps `wait` in `list` for a scope of the waiting fiber.
class WaitEntry {
 public:
  WaitEntry(WaitList& list, Wait& wait) noexcept : list_{list}, wait_{wait} {
    list_.push_back(wait_);
  }
  ~WaitEntry() {
    if (wait_.listed) list_.remove(wait_);
  }
  WaitEntry(const WaitEntry&) = delete;
  WaitEntry& operator=(const WaitEntry&) = delete;

 private:
  WaitList& list_;
  Wait& wait_;
};

/// A wait's place in a list besides the one that its own links serve (a token, one of several
/// futures). Lives on the waiting fiber's stack.
struct ListedWait {
  explicit ListedWait(Wait& the_wait) noexcept : wait{&the_wait} {}
  Wait* wait;
  ListedWait* next = nullptr;
  ListedWait* previous = nullptr;
  bool listed = false;
};

using ListedWaits = IntrusiveList<ListedWait>;

/// Success for a satisfied wait, else its error, noticed at the caller's place.
constexpr Result<void> result_of(WaitEnd end,
                                 SourceLocation origin = SourceLocation::here()) noexcept {
  switch (end) {
    case WaitEnd::satisfied: return {};
    case WaitEnd::cancelled: return fail(Errc::cancelled, 0, origin);
    case WaitEnd::timed_out: return fail(Errc::timeout, 0, origin);
  }
  THRESHER_UNREACHABLE();
}

}  // namespace thresher::runtime
