// The grain interface that every guide scenario serves, published or hardened.
//
// The guide's IComputeGrain, with the two operations whose results are checked, the device reset,
// and two that a workload needs: `retire` (deactivate when idle) and `misuse` (a caller's bug).
#pragma once

#include "thresher/runtime/codec/interface.h"
#include "thresher/runtime/grain/grain_key.h"

#include <cstdint>
#include <string>
#include <vector>

namespace thresher::scenarios::guide {

struct ICompute : runtime::Interface<"guide.Compute"> {
  using Key = std::string;
  /// Each element times the factor, computed on the device.
  static constexpr auto scale = method<"scale", std::vector<double>(std::vector<double>, double)>();
  /// start + the sum of all elements, computed on the device.
  static constexpr auto sum = method<"sum", double(std::vector<double>, double)>();
  /// ResetDeviceAsync of the guide.
  static constexpr auto reset_device = method<"reset_device", void()>();
  /// Asks the activation to deactivate when idle.
  static constexpr auto retire = method<"retire", void()>();
  /// Calls the device with arguments it must refuse.
  static constexpr auto misuse = method<"misuse", void()>();
};

}  // namespace thresher::scenarios::guide
