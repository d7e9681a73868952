// The shared block behind a RequestContext: a small vector sorted by key. Blocks with more than one
// owner are never written.
#include "thresher/runtime/grain/request_context.h"

#include "thresher/runtime/base/assert.h"

#include <algorithm>

namespace thresher::runtime {
namespace {

auto place_of(auto& entries, std::string_view key) {
  return std::lower_bound(entries.begin(), entries.end(), key,
                          [](const auto& entry, std::string_view k) { return entry.first < k; });
}

}  // namespace

const std::string* RequestContext::find(std::string_view key) const noexcept {
  if (block_ == nullptr) return nullptr;
  const auto at = place_of(block_->entries, key);
  return at != block_->entries.end() && at->first == key ? &at->second : nullptr;
}

void RequestContext::set(std::string_view key, std::string value) {
  std::vector<Entry>& entries = own().entries;
  const auto at = place_of(entries, key);
  if (at != entries.end() && at->first == key) {
    at->second = std::move(value);
  } else {
    entries.insert(at, Entry{std::string{key}, std::move(value)});
  }
}

bool RequestContext::erase(std::string_view key) {
  if (find(key) == nullptr) return false;
  std::vector<Entry>& entries = own().entries;
  entries.erase(place_of(entries, key));
  return true;
}

const std::vector<RequestContext::Entry>& RequestContext::entries() const noexcept {
  static const std::vector<Entry> nothing;
  return block_ != nullptr ? block_->entries : nothing;
}

RequestContext::Block& RequestContext::own() {
  if (block_ == nullptr) {
    block_ = new Block;
  } else if (block_->references.load(std::memory_order_acquire) != 1) {
    auto* copy = new Block;
    copy->entries = block_->entries;
    release();
    block_ = copy;
  }
  THRESHER_ASSERT(block_->references.load(std::memory_order_relaxed) == 1);
  return *block_;
}

void RequestContext::release() noexcept {
  if (block_ == nullptr) return;
  if (block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete block_;
  block_ = nullptr;
}

}  // namespace thresher::runtime
