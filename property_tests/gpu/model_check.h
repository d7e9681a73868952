// Claims of a model within a simulated world, where RapidCheck's own assertions cannot reach it.
//
// A claim that does not hold leaves its fiber as an exception, which ends the world with a verdict
// that names it; `survives` turns that verdict into a RapidCheck failure, which shrinks.
#pragma once

#include "thresher/sim/verdict.h"

#include <rapidcheck.h>

#include <stdexcept>
#include <string>

namespace thresher::gpu {

inline void claim(bool holds, const char* text, int line) {
  if (!holds) throw std::logic_error{std::string{text} + ", line " + std::to_string(line)};
}

/// Fails the property when the world did not survive.
inline void survives(const sim::RunResult& result) {
  if (result.verdict != sim::Verdict::survived) {
    RC_FAIL(result.label + ": " + result.message);
  }
}

}  // namespace thresher::gpu

#define MODEL_CLAIM(condition) ::thresher::gpu::claim((condition), #condition, __LINE__)
