// The typed event trace of one run: who ran when, what was waited for, what the product said.
//
// Made only when asked for; observing changes nothing in the run. Records are small and typed;
// words are kept once each. Written as JSON lines, one record a line, for `reports` and for
// people.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/runtime/base/time.h"
#include "thresher/runtime/fiber/probe.h"

#include <cstdint>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::sim {

enum class TraceKind : std::uint8_t {
  spawned,   ///< `text` is the new fiber's name, `a` its id.
  ran,       ///< The fiber got its turn from another one.
  parked,    ///< `text` is what it waits for, `a` the object.
  woken,     ///< `a` is the fiber whose wait ended, `b` how (WaitEnd).
  ended,
  choice,    ///< `text` is the lane, `a` the answer, `b` n.
  event,     ///< A runtime::Event: `event`, `a` subject, `b` and `c` its words.
  log,       ///< `text` is "logger: text", `a` the level.
  reached,   ///< `text` is the site.
  crossed,   ///< A seam was crossed: `a` call, `b` result, `c` checksum.
  injected,  ///< `text` says what fault was made.
  failed,    ///< `text` is the label of the check.
};

std::string_view name(TraceKind kind) noexcept;
std::string_view name(runtime::EventKind kind) noexcept;

struct TraceRecord {
  runtime::TimePoint at{};
  std::uint64_t step = 0;
  std::uint64_t fiber = 0;
  TraceKind kind = TraceKind::event;
  runtime::EventKind event = runtime::EventKind::note;
  std::uint32_t text = 0;  ///< Index of a text; 0 is "".
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::uint64_t c = 0;
};

class Trace {
 public:
  Trace() : texts_{std::string{}} {}

  void add(const TraceRecord& record) { records_.push_back(record); }
  /// The index of `text`, kept once.
  std::uint32_t intern(std::string_view text);
  /// Remembers the name of a fiber.
  void name_fiber(std::uint64_t fiber, std::string_view name) { fibers_[fiber] = intern(name); }

  const std::vector<TraceRecord>& records() const noexcept { return records_; }
  const std::string& text(std::uint32_t index) const { return texts_.at(index); }
  /// The name of a fiber, or "" for the world itself.
  const std::string& fiber_name(std::uint64_t fiber) const;
  void clear();

  /// One JSON object a line: time in nanoseconds, step, fiber, kind and the kind's words.
  void write(std::ostream& out) const;
  /// Errors: storage_failed; `problem` then names the file and why.
  runtime::Result<void> save(const std::string& path, std::string& problem) const;

 private:
  std::vector<TraceRecord> records_;
  std::vector<std::string> texts_;
  std::map<std::string, std::uint32_t, std::less<>> index_;
  std::map<std::uint64_t, std::uint32_t> fibers_;
};

}  // namespace thresher::sim
