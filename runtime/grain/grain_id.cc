// The shared block behind a GrainId. The reference count is the only thing in it that changes, so
// ids may be copied and dropped on any worker.
#include "thresher/runtime/grain/grain_id.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/base/hash.h"

#include <cstring>
#include <new>

namespace thresher::runtime {

GrainId::GrainId(std::string_view type, std::string_view key) {
  THRESHER_ASSERT(is_type_name(type));
  const std::size_t length = type.size() + 1 + key.size();
  void* memory = ::operator new(sizeof(Block) + length + 1);
  block_ = ::new (memory) Block{.references = 1,
                                .type_length = static_cast<std::uint32_t>(type.size()),
                                .hash = combine(hash_name(type), hash_name(key)),
                                .length = static_cast<std::uint32_t>(length)};
  char* text = block_->text();
  std::memcpy(text, type.data(), type.size());
  text[type.size()] = '/';
  if (!key.empty()) std::memcpy(text + type.size() + 1, key.data(), key.size());
  text[length] = '\0';
}

Result<GrainId> GrainId::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return fail(Errc::invalid_argument);
  return GrainId{text.substr(0, slash), text.substr(slash + 1)};
}

bool GrainId::is_type_name(std::string_view type) noexcept {
  return !type.empty() && type.find('/') == std::string_view::npos;
}

std::string_view GrainId::key() const noexcept {
  return block_ != nullptr ? text().substr(block_->type_length + 1) : std::string_view{};
}

std::string_view GrainId::text() const noexcept {
  return block_ != nullptr ? std::string_view{block_->text(), block_->length} : "";
}

void GrainId::release() noexcept {
  if (block_ == nullptr) return;
  if (block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block_->~Block();
    ::operator delete(block_);
  }
  block_ = nullptr;
}

}  // namespace thresher::runtime
