// Free lists, and the header by which a message finds its pool again, so that plain `delete` works
// wherever a message may end.
#include "thresher/runtime/grain/message_pool.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/message.h"

#include <new>

namespace thresher::runtime {
namespace {

/// In front of each message.
struct alignas(std::max_align_t) Header {
  MessagePool* pool;
  std::size_t size;
};

void* place(void* block, MessagePool* pool, std::size_t size) noexcept {
  return ::new (block) Header{pool, size} + 1;
}

}  // namespace

MessagePool::~MessagePool() {
  for (FreeList& list : lists_) {
    while (list.first != nullptr) {
      Block* const block = list.first;
      list.first = block->next;
      ::operator delete(block);
    }
  }
}

void* MessagePool::allocate(std::size_t size) {
  THRESHER_ASSERT(size >= sizeof(Block));
  const std::size_t kind = class_of(size);
  if (kind >= class_count) return ::operator new(size);
  FreeList& list = lists_[kind];
  if (list.first == nullptr) return ::operator new((kind + 1) * step);
  Block* const block = list.first;
  list.first = block->next;
  --list.count;
  return block;
}

void MessagePool::deallocate(void* at, std::size_t size) noexcept {
  THRESHER_ASSERT(at != nullptr);
  const std::size_t kind = class_of(size);
  if (kind >= class_count || lists_[kind].count >= free_max) {
    ::operator delete(at);
    return;
  }
  FreeList& list = lists_[kind];
  list.first = ::new (at) Block{list.first};
  ++list.count;
}

void* Message::operator new(std::size_t size, MessagePool& pool) {
  const std::size_t whole = size + sizeof(Header);
  return place(pool.allocate(whole), &pool, whole);
}

void* Message::operator new(std::size_t size) {
  const std::size_t whole = size + sizeof(Header);
  return place(::operator new(whole), nullptr, whole);
}

void Message::operator delete(void* at) noexcept {
  Header* const header = static_cast<Header*>(at) - 1;
  if (header->pool != nullptr) {
    header->pool->deallocate(header, header->size);
  } else {
    ::operator delete(static_cast<void*>(header));
  }
}

void Message::operator delete(void* at, MessagePool&) noexcept { operator delete(at); }

}  // namespace thresher::runtime
