// Defaults of the base class. Overriding on_activate or on_deactivate needs no call of these: they
// do nothing.
#include "thresher/runtime/grain/grain.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

Result<void> Grain::on_activate(CancellationToken) { return {}; }

Result<void> Grain::on_deactivate(const DeactivationReason&, CancellationToken) { return {}; }

CancellationToken Grain::request_token() const {
  const RequestFrame* const frame = RequestFrame::current(scheduler());
  THRESHER_ASSERT(frame != nullptr);
  return frame->token;
}

}  // namespace thresher::runtime
