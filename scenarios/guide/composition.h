// The composition root of a guide scenario: devices, driver processes, faults, layer, silo.
//
// Owns everything that a run of one pattern needs, in the order in which it must end. Made on the
// world's first fiber, destroyed after the world has ended.
#pragma once

#include "thresher/runtime/grain/silo.h"
#include "thresher/scenarios/guide/draws.h"
#include "thresher/scenarios/guide/patterns.h"
#include "thresher/scenarios/guide/witness.h"
#include "thresher/scenarios/guide/workload.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace thresher::scenarios::guide {

/// What was drawn for one run.
struct Configuration {
  std::uint32_t devices = 1;
  std::uint32_t grains = 1;
  std::uint32_t clients = 1;
  std::uint32_t calls = 1;
  std::uint32_t pool_size = 1;
  bool thresher_layer = true;
  std::uint64_t memory_bytes = 0;

  static Configuration draw(Draws& draws, Pattern pattern, bool published);
};

class Composition {
 public:
  /// The words of what is wrong with a key's profile or plan; empty when they fit.
  static std::string problem(const sim::RunKey& key);
  /// Registers the programs that a run starts. Once a world, before it runs.
  static void register_programs(sim::World& world);

  Composition(sim::World& world, const sim::RunKey& key, Pattern pattern, bool published,
              const Configuration& configuration);
  ~Composition();
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  runtime::Silo& silo() noexcept;
  Witness& witness() noexcept;
  /// Stops injecting faults, replaces lost devices, lets stuck kernels of the plan go.
  void heal();
  /// Gives back what the pattern holds beside its grains (pools); hardened patterns only.
  void close();
  /// Claims what must hold when every grain was deactivated.
  void check_quiescence();
  /// Claims, after the silo has stopped, that nothing made was left undisposed.
  void check_ledger();
  std::uint64_t faults_injected() const noexcept;
  /// Accelerators of Thresher's own layer that nobody has disposed.
  std::uint32_t accelerators_alive() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace thresher::scenarios::guide
