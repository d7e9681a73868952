// The slow path of the growing buffer: it doubles, so that appending n bytes moves at most 2 n.
// Running out of host memory ends the program, as everywhere.
#include "thresher/runtime/codec/bytes.h"

#include <algorithm>

namespace thresher::runtime {

void ByteWriter::grow(std::size_t count) {
  const std::size_t used = size();
  const std::size_t held = static_cast<std::size_t>(limit_ - begin_);
  THRESHER_ASSERT(count > held - used);
  const std::size_t wanted = std::max(held * 2, used + count);
  auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
  std::memcpy(larger.get(), begin_, used);
  heap_ = std::move(larger);
  begin_ = heap_.get();
  end_ = begin_ + used;
  limit_ = begin_ + wanted;
  THRESHER_ASSERT(room() >= count);
}

}  // namespace thresher::runtime
