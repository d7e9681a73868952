// A fiber that takes an activation up or down: its request frame, and its share in keeping the
// activation. The activation may be gone when this is destroyed.
#pragma once

#include "thresher/runtime/grain/request_frame.h"

namespace thresher::runtime {

class Activation;

/// Lives on the fiber's stack. Requires: the activation counted the fiber when it was spawned.
class LifecycleFiber {
 public:
  explicit LifecycleFiber(Activation& activation) noexcept;
  LifecycleFiber(const LifecycleFiber&) = delete;
  LifecycleFiber& operator=(const LifecycleFiber&) = delete;
  ~LifecycleFiber();

  RequestFrame frame;

 private:
  Activation& activation_;
};

}  // namespace thresher::runtime
