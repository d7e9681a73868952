// Words of verdicts, as reports and JSON carry them: the enumerators' own names, so that a grep for
// one finds both.
#include "thresher/sim/verdict.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::sim {

std::string_view name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::survived: return "survived";
    case Verdict::safety: return "safety";
    case Verdict::usage: return "usage";
    case Verdict::liveness: return "liveness";
    case Verdict::crash: return "crash";
    case Verdict::nondeterminism: return "nondeterminism";
    case Verdict::not_reached: return "not_reached";
    case Verdict::harness: return "harness";
  }
  THRESHER_UNREACHABLE();
}

}  // namespace thresher::sim
