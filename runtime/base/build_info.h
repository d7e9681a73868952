// What this program was built from, for the headers of tapes and traces and for failure texts.
//
// The values are written into one generated source at build time, so that a new commit rebuilds
// that source alone. They are constants: a simulated run may print them and must not decide by
// them.
#pragma once

#include <string_view>

namespace thresher::runtime {

// The full hash of the commit, in hexadecimal, or "unknown" when the tree was no clone of its own.
[[nodiscard]] std::string_view build_commit();

// Whether product files differed from that commit when the program was built. False for an unknown
// commit.
[[nodiscard]] bool build_dirty();

// The CMake build type, such as "Release".
[[nodiscard]] std::string_view build_type();

}  // namespace thresher::runtime
