// Scopes that give the running request's calls a chain id, or take it away. The id is in the
// request's frame; the section that it opens is the activation's.
#include "thresher/runtime/grain/call_chain.h"

#include "thresher/runtime/base/assert.h"

namespace thresher::runtime {
namespace {

RequestFrame& frame_of(Grain& grain) {
  RequestFrame* const frame = RequestFrame::current(grain.context().services().scheduler);
  THRESHER_ASSERT(frame != nullptr);
  THRESHER_ASSERT(frame->grain == &grain.context());
  return *frame;
}

}  // namespace

AllowCallChainReentrancy::AllowCallChainReentrancy(Grain& grain)
    : grain_{grain}, frame_{frame_of(grain)}, before_{frame_.chain} {
  // A chain that has an id keeps it: this activation joins those that it may come back to.
  if (frame_.chain == 0) frame_.chain = grain.context().new_chain();
  grain.context().open_section(frame_.chain);
}

AllowCallChainReentrancy::~AllowCallChainReentrancy() {
  grain_.context().close_section(frame_.chain);
  frame_.chain = before_;
}

SuppressCallChainReentrancy::SuppressCallChainReentrancy(Grain& grain)
    : frame_{frame_of(grain)}, before_{frame_.chain} {
  frame_.chain = 0;
}

SuppressCallChainReentrancy::~SuppressCallChainReentrancy() {
  THRESHER_ASSERT(frame_.chain == 0);
  frame_.chain = before_;
}

}  // namespace thresher::runtime
