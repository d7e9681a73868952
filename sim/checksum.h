// The checksum of what crosses a seam, for the trace hash: of its first 4 KiB and its length, which
// is enough to see a difference early without reading gigabytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace thresher::sim {

inline constexpr std::size_t checksum_bytes_max = 4096;

/// Equal bytes give equal sums on every machine and build. 0 for none.
std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

}  // namespace thresher::sim
