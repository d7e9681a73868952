// Entropy of a real process: PCG, seeded once by the operating system.
//
// The streams are for tapes, of which a real process has none: all names share one generator. Any
// thread may draw.
#pragma once

#include "thresher/runtime/fiber/entropy.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace thresher::runtime {

class OsEntropy final : public Entropy {
 public:
  /// Seeds from the system; ends the process when the system has none (it always does).
  OsEntropy();
  ~OsEntropy() override;
  std::uint64_t next(std::string_view name) override;

 private:
  struct Generator;
  ShortLock lock_;
  std::unique_ptr<Generator> generator_;
};

}  // namespace thresher::runtime
