// Carriers: reusable Boost fibers that run one body after another, for both schedulers.
//
// A scheduler decides which fiber runs next and then switches here; Boost.Fiber decides
// nothing: its ready queue, its timed waits and its clocks are not used, so its dispatcher has
// nothing to do and runs only when carriers are retired. Since a carrier outlives the bodies it
// runs, starting a fiber makes no stack and ending one frees none.
//
// Thread rule: one Carriers an OS thread, made, used and destroyed on it. A switch saves the
// exceptions that the leaving fiber has caught and restores those of the entering one (the C++
// runtime keeps them per OS thread), and checks the leaving stack's canary.
#pragma once

#include "thresher/runtime/carrier/overflow_handler.h"
#include "thresher/runtime/carrier/stack_pool.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace boost::fibers {
class context;
}

namespace thresher::runtime {

class Carriers;

/// What the C++ runtime keeps per OS thread and we keep per fiber.
struct CaughtExceptions {
  void* caught = nullptr;
  unsigned int uncaught = 0;
};

/// One reusable fiber with its stack. Owned by its Carriers; never moves.
class Carrier {
 public:
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// The scheduler's own record of what runs here.
  void* user = nullptr;

 private:
  friend class Carriers;
  Carrier() = default;
  boost::fibers::context* context_ = nullptr;
  FiberStack stack_;
  CaughtExceptions exceptions_;
  void* sanitizer_ = nullptr;  ///< ASan: the fake stack while away; TSan: its fiber.
  bool retired_ = false;
};

/// The scheduler's side: what runs on carriers.
class CarrierClient {
 public:
  virtual ~CarrierClient() = default;
  /// Called on `self`'s own stack when it is switched to after `take`. Runs what the scheduler has
  /// for it, one or more bodies, and answers where to go: a carrier, or null for the thread's main
  /// context. `self` is idle from then on, and may already be taken again by whoever runs next.
  virtual Carrier* run(Carrier& self) noexcept = 0;
  /// The name of the fiber that runs now, for the report of a stack overflow; called in a signal
  /// handler.
  virtual const char* running_name() const noexcept = 0;
};

class Carriers {
 public:
  struct Options {
    std::size_t stack_bytes = stack_bytes_default;
    /// Stacks up to this number get guard pages.
    std::uint32_t guarded_max = 8000;
  };

  /// Takes the calling thread over: installs the algorithm, the alternate signal stack and the
  /// handler that tells stack overflows from other faults.
  explicit Carriers(CarrierClient& client) : Carriers(client, Options{}) {}
  Carriers(CarrierClient& client, Options options);
  /// Ends all idle carriers. Requires: on the thread's main context; none runs or is parked, but
  /// for abandoned ones, whose stacks end with the pool.
  ~Carriers();
  Carriers(const Carriers&) = delete;
  Carriers& operator=(const Carriers&) = delete;

  /// An idle carrier, made if there is none. It calls `client.run` when switched to.
  Carrier& take();
  /// Switches to `to`, or to the main context when null; returns when somebody switches back.
  /// Requires: `to` is not what runs now.
  void go(Carrier* to) noexcept;
  /// What runs now; null on the main context.
  Carrier* running() const noexcept { return running_; }
  /// Ends idle carriers beyond `idle_max`. Requires: on the main context.
  void trim(std::size_t idle_max);
  /// Gives up a carrier that is parked or about to switch away for good: its stack is not used
  /// again while this object lives.
  void abandon(Carrier& carrier) noexcept;

  /// Replaces the client. Requires: on the main context; all carriers are idle.
  void set_client(CarrierClient& client) noexcept;

  std::size_t made() const noexcept { return made_; }
  std::size_t idle() const noexcept { return idle_.size(); }
  std::size_t abandoned() const noexcept { return abandoned_; }

 private:
  class Algorithm;
  class PoolAllocator;

  Carrier& make();
  void loop(Carrier& self) noexcept;
  void run_dispatcher(Carrier& ended) noexcept;
  void enter(Carrier& self) noexcept;

  CarrierClient* client_;
  StackPool stacks_;
  Carrier* running_ = nullptr;
  boost::fibers::context* main_ = nullptr;
  CaughtExceptions* exceptions_of_thread_;
  CaughtExceptions main_exceptions_;
  void* main_sanitizer_ = nullptr;
  const void* main_stack_low_ = nullptr;
  std::size_t main_stack_bytes_ = 0;
  Algorithm* algorithm_;  ///< Owned by Boost's scheduler; outlives this object.
  std::vector<std::unique_ptr<Carrier>> all_;
  std::vector<Carrier*> idle_;
  OverflowHandler overflow_;
  std::size_t made_ = 0;
  std::size_t abandoned_ = 0;
};

}  // namespace thresher::runtime
