// The driver wrapper that injects a plan: before each call it asks the Injector, and then answers
// a code instead, delays, arms the device's saboteur, or passes the call on as it is.
//
// What it injects carries the mark. One wrapper a driver process; the Injector outlives it and
// keeps what stays. An empty plan changes nothing but the handles it watches.
#pragma once

#include "thresher/faults/forwarding_driver.h"
#include "thresher/faults/injector.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/short_lock.h"

#include <map>
#include <mutex>
#include <optional>
#include <type_traits>

namespace thresher::faults {

class FaultyDriver final : public ForwardingDriver<FaultyDriver> {
 public:
  /// `work` may be null when the plan has no effect on work. All outlive the wrapper. `device` is
  /// the one device of this process, or none when it drives them all.
  FaultyDriver(gpu::Driver& inner, WorkSaboteur* work, Injector& injector,
               runtime::Scheduler& scheduler, std::optional<gpu::DeviceOrdinal> device = {});

  template <typename Forward>
  auto around(const CallFacts& facts, Forward forward) {
    using Answer = decltype(forward());
    const Passing passing = describe(facts);
    const Strike strike = prepare(passing);
    if (!strike.answer.ok()) {
      if constexpr (std::is_same_v<Answer, gpu::Status>) {
        return strike.answer;
      } else {
        return Answer{runtime::Unexpected{strike.answer}};
      }
    }
    Answer answer = forward();
    if (strike.armed) work_->disarm();
    if constexpr (std::is_same_v<Answer, gpu::Status>) {
      if (answer.ok()) succeeded(passing);
    } else if constexpr (std::is_same_v<Answer, gpu::Answer<gpu::ContextHandle>>) {
      if (answer) made(*answer, facts.device);
    }
    return answer;
  }

 private:
  /// What is done to one call.
  struct Strike {
    /// Answered instead of the call when it is no success.
    gpu::Status answer{};
    bool armed = false;
  };

  Passing describe(const CallFacts& facts);
  Strike prepare(const Passing& passing);
  Strike apply(const Effect& effect, const Passing& passing);
  void succeeded(const Passing& passing);
  void made(gpu::ContextHandle context, gpu::DeviceOrdinal device);

  WorkSaboteur* work_;
  Injector& injector_;
  runtime::Scheduler& scheduler_;
  std::optional<gpu::DeviceOrdinal> device_;
  runtime::ShortLock lock_;
  /// The device of each context that was made through this wrapper.
  std::map<gpu::ContextHandle, gpu::DeviceOrdinal> contexts_;
};

}  // namespace thresher::faults
