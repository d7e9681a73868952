// What a may_interleave predicate sees of a request: its method and arguments, read only. Made and
// used within the admission rule.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/grain/message.h"

#include <cstddef>

namespace thresher::runtime {

/// Valid during the predicate only.
class RequestView {
 public:
  explicit RequestView(Message& message) noexcept : message_{message} {}

  const MethodInfo& method() const noexcept { return message_.method; }
  bool is_timer_tick() const noexcept { return message_.kind == MessageKind::timer_tick; }
  /// The i-th argument. Requires: it is a T.
  template <typename T>
  const T& argument(std::size_t index) const {
    const void* at = message_.argument(index, typeid(T));
    THRESHER_ASSERT(at != nullptr);
    return *static_cast<const T*>(at);
  }

 private:
  Message& message_;
};

}  // namespace thresher::runtime
