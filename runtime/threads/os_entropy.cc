// PCG (O'Neill) of 128 bits of state with 64 bits of output, from Debian's libpcg-cpp-dev. State
// and stream are both seeded, so that no two processes share a sequence.
#include "thresher/runtime/threads/os_entropy.h"

#include "thresher/runtime/base/assert.h"

#include <pcg_random.hpp>
#include <sys/random.h>

#include <array>
#include <mutex>

namespace thresher::runtime {
namespace {

using Wide = pcg_extras::pcg128_t;

struct Seed {
  Wide state;
  Wide stream;
};

Seed seed_from_system() {
  std::array<std::uint64_t, 4> words{};
  const auto wanted = static_cast<ssize_t>(sizeof words);
  THRESHER_ASSERT(::getrandom(words.data(), sizeof words, 0) == wanted);
  const auto join = [](std::uint64_t high, std::uint64_t low) { return Wide{high} << 64 | low; };
  return Seed{join(words[0], words[1]), join(words[2], words[3])};
}

}  // namespace

struct OsEntropy::Generator {
  explicit Generator(const Seed& seed) : pcg{seed.state, seed.stream} {}
  pcg64 pcg;
};

OsEntropy::OsEntropy() : generator_{std::make_unique<Generator>(seed_from_system())} {}

OsEntropy::~OsEntropy() = default;

std::uint64_t OsEntropy::next(std::string_view name) {
  THRESHER_ASSERT(!name.empty());
  const std::lock_guard guard{lock_};
  return generator_->pcg();
}

}  // namespace thresher::runtime
