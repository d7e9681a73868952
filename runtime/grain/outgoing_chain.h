// The outgoing filters around one call, on the caller's fiber. Made for each call when the silo has
// any such filter.
#pragma once

#include "thresher/runtime/grain/call_filter.h"
#include "thresher/runtime/grain/call_handle.h"

#include <cstddef>
#include <memory>

namespace thresher::runtime {

class OutgoingChain final : public OutgoingCall {
 public:
  explicit OutgoingChain(CallHandle& handle) noexcept;
  void proceed() override;
  /// Runs all of it; afterwards the call has ended for the handle.
  void run();

 private:
  void send_and_wait();
  static std::unique_ptr<Message> copy_of(const Message& message);
  void own_outcome() override;

  CallHandle& handle_;
  std::size_t depth_ = 0;
  bool sent_ = false;
};

}  // namespace thresher::runtime
