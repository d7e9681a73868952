// The simulated world: one run of one key.
//
// A World composes the deterministic scheduler, virtual time, choices, entropy, probe,
// processes and checks, runs one main fiber until it and all foreground fibers have ended, and
// gives the verdict. Worlds of one OS thread share an Engine (stacks, carrier fibers, buffers),
// which makes a short run cost microseconds. One World runs at a time on an Engine. Everything
// is reset between worlds; a world that fails leaves nothing behind.
#pragma once

#include "thresher/runtime/fiber/processes.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/sim/checks.h"
#include "thresher/sim/choices.h"
#include "thresher/sim/run_key.h"
#include "thresher/sim/verdict.h"

#include <cstdint>
#include <memory>
#include <string>

namespace thresher::sim {

class Tape;
class Trace;

/// What worlds of one OS thread share. Not thread-safe; one an OS thread.
class Engine {
 public:
  Engine();
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  struct Impl;
  Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// How a tape is followed: `strict` stops at the first (lane, site, n) that differs and names it;
/// `best_effort` answers 0 there.
enum class ReplayMode : std::uint8_t { strict, best_effort };

struct WorldOptions {
  std::uint64_t seed = 0;
  StrategySpec strategy{};
  /// Workers of the root process.
  std::uint32_t workers = 2;
  /// Keep a tape of the choices (costs memory, not determinism).
  bool record = false;
  /// Replay this tape instead of drawing; null to explore.
  const Tape* replay = nullptr;
  ReplayMode replay_mode = ReplayMode::strict;
  /// Receives the typed trace; null for none. Does not change the run.
  Trace* trace = nullptr;
  /// Schedule decisions before the run is called endless.
  std::uint64_t steps_max = 2'000'000;
  /// Yields of one fiber at one instant before it is called a spin.
  std::uint64_t yields_at_one_instant_max = 10'000;
  /// Only this label is judged when not empty.
  std::string only{};
  /// Fold driver calls, results and checksums into the trace hash.
  bool hash = true;
  /// Ratio with which a fault point in product code is armed, once a run, and then fires.
  Ratio fault_point_armed{1, 4};
  Ratio fault_point_fires{1, 4};
  bool fault_points = true;
  /// A turn that never yields, in wall-clock terms, is the parent's to notice (campaign watchdog);
  /// `break_at_step` raises SIGTRAP there when not 0.
  std::uint64_t break_at_step = 0;
};

class World {
 public:
  World(Engine& engine, WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Seams of the root process.
  runtime::Services& services() noexcept;
  runtime::Processes& processes() noexcept;
  Choices& choices() noexcept;
  Checks& checks() noexcept;

  /// Registers the body of a program that `Processes::start` can start.
  void register_program(std::string name,
                        runtime::UniqueFunction<int(runtime::ProcessContext&)> body);

  /// Folds a seam crossing into the trace hash: what was called, its result, and a checksum of
  /// what crossed (see `checksum`). Called by seam implementations only.
  void cross(std::uint64_t call, std::uint64_t result, std::uint64_t checksum) noexcept;

  /// Moves the wall clock against monotonic time: a fault of the clock, never of waits.
  void jump_wall(runtime::Duration by) noexcept;

  /// Runs `main` as the first foreground fiber and everything it starts, to the end. Once.
  RunResult run(runtime::Task main);

  /// The rolling hash so far.
  std::uint64_t trace_hash() const noexcept;
  std::uint64_t steps() const noexcept;

 private:
  friend class Engine;
  struct Impl;
  Engine::Impl& engine_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thresher::sim
