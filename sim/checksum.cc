// XXH3 of 64 bits, which is defined by its bytes alone and does not depend on the vector unit that
// computes it; the length is its seed.
#include "thresher/sim/checksum.h"

#include "thresher/runtime/base/assert.h"

#include <xxhash.h>

#include <algorithm>

namespace thresher::sim {

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
  if (bytes.empty()) return 0;
  THRESHER_ASSERT(bytes.data() != nullptr);
  return XXH3_64bits_withSeed(bytes.data(), std::min(bytes.size(), checksum_bytes_max),
                              bytes.size());
}

}  // namespace thresher::sim
