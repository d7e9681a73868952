// The driver wrapper that folds every call into the world's trace hash: which call, its result
// code, and a checksum of what crossed. Outermost, so that what faults made of a call is seen too.
//
// What a copy brings to the host is folded when the copy runs, through the machine's tap, since
// the call returns before. Host addresses never enter: they differ between runs.
#pragma once

#include "thresher/faults/forwarding_driver.h"
#include "thresher/sim/checksum.h"
#include "thresher/sim/device/simulated_machine.h"
#include "thresher/sim/world.h"

#include <type_traits>

namespace thresher::sim {

class HashingDriver final : public faults::ForwardingDriver<HashingDriver> {
 public:
  /// Both outlive the wrapper.
  HashingDriver(gpu::Driver& inner, World& world) noexcept
      : ForwardingDriver{inner}, world_{world} {}

  template <typename Forward>
  auto around(const faults::CallFacts& facts, Forward forward) {
    auto answer = forward();
    world_.cross(static_cast<std::uint64_t>(facts.call), code_of(answer),
                 runtime::combine(checksum(facts.sent), value_of(answer)));
    return answer;
  }

 private:
  static std::uint64_t code_of(const gpu::Status& status) noexcept {
    return static_cast<std::uint64_t>(status.code);
  }
  template <typename T>
  static std::uint64_t code_of(const gpu::Answer<T>& answer) noexcept {
    return answer ? 0 : code_of(answer.error());
  }
  static std::uint64_t value_of(const gpu::Status&) noexcept { return 0; }
  /// Handles and device addresses are the same in two runs; texts and host addresses are left out.
  template <typename T>
  static std::uint64_t value_of(const gpu::Answer<T>& answer) noexcept {
    if constexpr (requires { answer->value; }) {
      return answer ? answer->value : 0;
    } else {
      return 0;
    }
  }

  World& world_;
};

/// Folds what copies bring to the host.
class HashingTap final : public CopyTap {
 public:
  explicit HashingTap(World& world) noexcept : world_{world} {}
  void copied_to_host(std::span<const std::byte> bytes) noexcept override {
    world_.cross(call, 0, checksum(bytes));
  }

 private:
  /// No DriverCall: the arrival of a copy.
  static constexpr std::uint64_t call = gpu::driver_call_count;
  World& world_;
};

}  // namespace thresher::sim
