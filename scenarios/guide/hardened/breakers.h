// One circuit breaker for each device, shared by every grain of a silo.
//
// A breaker's probe makes the device healthy again and proves it on an accelerator of its own, off
// every caller's turn. Used on the fibers of one silo.
#pragma once

#include "thresher/gpu/accelerator_factory.h"
#include "thresher/gpu/circuit_breaker.h"

#include <memory>
#include <vector>

namespace thresher::scenarios::hardened {

class Breakers {
 public:
  /// `factory` outlives the breakers. Makes one for each device it knows.
  explicit Breakers(gpu::AcceleratorFactory& factory, gpu::BreakerOptions options = {});

  /// Requires: `device` is one of the factory's.
  gpu::CircuitBreaker& of(gpu::DeviceOrdinal device);
  bool any_open() const noexcept;

 private:
  std::vector<std::unique_ptr<gpu::CircuitBreaker>> breakers_;
};

}  // namespace thresher::scenarios::hardened
