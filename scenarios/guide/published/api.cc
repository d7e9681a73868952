// Exceptions and the ledger of the published samples: which exception a sample's catch clauses see
// for which operating error, and what was made and disposed.
#include "thresher/scenarios/guide/published/api.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::scenarios::published {

void throw_for(const runtime::Error& error, std::string_view doing) {
  const std::string text = std::string{doing} + ": " + std::string{runtime::name(error.code)};
  if (error.code == runtime::Errc::capacity) throw OutOfMemoryException{text, error};
  if (error.code == runtime::Errc::cancelled) throw OperationCanceledException{text, error};
  if (error.code == runtime::Errc::caller_bug || error.code == runtime::Errc::uninitialised) {
    throw InvalidOperationException{text, error};
  }
  if (error.code == runtime::Errc::closed) throw ObjectDisposedException{text, error};
  throw AcceleratorException{text, error};
}

std::uint64_t Ledger::made(const char* kind, std::string owner) {
  const std::uint64_t id = entries_.size() + 1;
  entries_.push_back(Entry{.id = id, .kind = kind, .owner = std::move(owner)});
  return id;
}

void Ledger::disposed(std::uint64_t id) {
  THRESHER_ASSERT(id >= 1 && id <= entries_.size());
  THRESHER_ASSERT(!entries_[id - 1].disposed);
  entries_[id - 1].disposed = true;
}

std::uint64_t Ledger::alive(std::string_view kind) const noexcept {
  return static_cast<std::uint64_t>(
      std::count_if(entries_.begin(), entries_.end(), [kind](const Entry& entry) {
        return !entry.disposed && entry.kind == kind;
      }));
}

bool Ledger::alive(std::uint64_t id) const noexcept {
  THRESHER_ASSERT(id >= 1 && id <= entries_.size());
  return !entries_[id - 1].disposed;
}

std::vector<Ledger::Entry> Ledger::undisposed() const {
  std::vector<Entry> left;
  for (const Entry& entry : entries_) {
    if (!entry.disposed) left.push_back(entry);
  }
  return left;
}

}  // namespace thresher::scenarios::published
