// The incoming filters around one request, on its turn's stack. Made for each request that has any
// filter, so it holds references only.
#pragma once

#include "thresher/runtime/fiber/cancellation.h"
#include "thresher/runtime/grain/call_filter.h"

#include <cstddef>

namespace thresher::runtime {

class Activation;

class IncomingChain final : public IncomingCall {
 public:
  IncomingChain(Activation& activation, Message& message, const CancellationToken& token) noexcept;
  void proceed() override;
  /// Runs all of it; afterwards there is a result or a failure.
  void run();

 private:
  /// The filter at a depth, null past the last.
  IncomingCallFilter* filter_at(std::size_t depth) const noexcept;

  Activation& activation_;
  const CancellationToken& token_;
  std::size_t depth_ = 0;
};

}  // namespace thresher::runtime
