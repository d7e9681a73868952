// Frames of clients, and the frame of the calling fiber. A frame is found through the fiber's own
// locals, so there is no thread-local.
#include "thresher/runtime/grain/request_frame.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {

ClientScope::ClientScope(Scheduler& scheduler) : scheduler_{scheduler} {
  THRESHER_ASSERT(RequestFrame::current(scheduler_) == nullptr);
  scheduler_.locals().request = &frame_;
}

ClientScope::~ClientScope() { scheduler_.locals().request = nullptr; }

RequestContext& request_context(Scheduler& scheduler) {
  RequestFrame* const frame = RequestFrame::current(scheduler);
  THRESHER_ASSERT(frame != nullptr);
  return frame->context;
}

}  // namespace thresher::runtime
