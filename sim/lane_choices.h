// Choices from lanes: drawn while exploring, read from the tape while replaying.
//
// One small generator a lane, seeded by hash(seed, lane name) when the lane is first used.
// Recording, strict and best-effort replay go through the same code. Answers fold into the
// trace hash.
#pragma once

#include "thresher/sim/checks.h"
#include "thresher/sim/choices.h"
#include "thresher/sim/explore/split_mix.h"
#include "thresher/sim/id_table.h"
#include "thresher/sim/position.h"
#include "thresher/sim/tape.h"
#include "thresher/sim/trace_hash.h"
#include "thresher/sim/world.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::sim {

class LaneChoices final : public Choices {
 public:
  /// Both outlive this object. A divergence of a strict replay is reported to `checks`.
  LaneChoices(TraceHash& hash, Checks& checks) : hash_{hash}, checks_{checks} {}

  /// Forgets all lanes and begins a run. With a `position`, which outlives the run, answers are
  /// traced.
  void begin(const WorldOptions& options, const Position* position = nullptr);
  LaneId lane(std::string_view name) override;
  std::uint64_t choose(LaneId lane, std::uint64_t n, const runtime::Site& site) override;
  /// 64 bits at once.
  std::uint64_t draw(LaneId lane, const runtime::Site& site);
  /// From now on answers 0 and records nothing: whoever asks belongs to what is ending.
  void set_silent(bool silent) noexcept { silent_ = silent; }
  /// Moves what was recorded into `tape`.
  void give(Tape& tape);

 private:
  struct Lane {
    std::string name;
    std::uint64_t hash = 0;
    SplitMix random;
    std::size_t position = 0;               ///< Of the next answer, asked so far.
    const TapeLane* replayed = nullptr;
    std::size_t cursor = 0;                 ///< In `replayed`.
    std::vector<TapeAnswer> recorded;
  };
  std::uint64_t answer(Lane& lane, std::uint64_t n, const runtime::Site& site);
  std::uint64_t replay(Lane& lane, std::uint64_t n, const runtime::Site& site);
  void trace(const Lane& lane, std::uint64_t n, std::uint64_t value);
  void diverged(const Lane& lane, std::uint64_t n, const runtime::Site& site);

  TraceHash& hash_;
  Checks& checks_;
  std::uint64_t seed_ = 0;
  bool record_ = false;
  bool silent_ = false;
  const Tape* tape_ = nullptr;
  Trace* trace_ = nullptr;
  const Position* position_ = nullptr;
  ReplayMode mode_ = ReplayMode::strict;
  std::vector<Lane> lanes_;
  std::size_t lanes_used_ = 0;  ///< Those beyond are kept for their memory.
  IdTable by_name_;
};

}  // namespace thresher::sim
