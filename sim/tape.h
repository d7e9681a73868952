// The tape: everything that was undecided in one run, in lanes.
//
// Each choice lane holds (site, n, answer) in order; the schedule lane holds the deviations
// from answer 0, as (step, fiber). A seed regenerates its tape, so one is kept only when a run
// failed or was asked for. The file is one checksummed piece, written aside and renamed; damage
// and truncation are errors that say so.
#pragma once

#include "thresher/runtime/base/error.h"
#include "thresher/sim/run_key.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace thresher::sim {

/// One answer of a lane. `n` is 0 for a draw of 64 bits.
struct TapeAnswer {
  std::uint64_t site = 0;
  std::uint64_t n = 0;
  std::uint64_t answer = 0;
  friend bool operator==(const TapeAnswer&, const TapeAnswer&) = default;
};

struct TapeLane {
  std::string name;
  std::vector<TapeAnswer> answers;
  friend bool operator==(const TapeLane&, const TapeLane&) = default;
};

/// A schedule decision that was not answer 0: at that step, that fiber ran.
struct TapeDeviation {
  std::uint64_t step = 0;
  std::uint64_t fiber = 0;
  friend bool operator==(const TapeDeviation&, const TapeDeviation&) = default;
};

/// What the run was of. Only `seed` and `strategy` are filled by the world; `set_key` fills the
/// rest.
struct TapeHeader {
  std::string scenario;
  std::uint64_t seed = 0;
  std::string profile;
  std::string strategy;
  std::map<std::string, std::string> knobs;
  std::string plan;
  /// What the program was built from.
  std::string commit;
  /// Hash of the distinct sites that the lanes name.
  std::uint64_t sites = 0;
  friend bool operator==(const TapeHeader&, const TapeHeader&) = default;
};

class Tape {
 public:
  static constexpr std::uint32_t format = 1;

  TapeHeader header;
  std::vector<TapeLane> lanes;
  /// Ascending by step.
  std::vector<TapeDeviation> schedule;

  /// Fills the header from the key of the run. The seed must be the one recorded (asserted).
  void set_key(const RunKey& key);
  /// The key to run again. Errors: invalid_argument (a strategy this program does not know).
  runtime::Result<RunKey> key() const;
  const TapeLane* find(std::string_view name) const noexcept;
  /// The hash for `header.sites`.
  std::uint64_t hash_of_sites() const;

  std::vector<std::byte> encode() const;
  /// Errors: decode_failed; `problem` then says what is wrong, in one line.
  static runtime::Result<Tape> decode(std::span<const std::byte> bytes, std::string& problem);
  /// Writes the file whole or not at all. Errors: storage_failed.
  runtime::Result<void> save(const std::string& path, std::string& problem) const;
  /// Errors: not_found, storage_failed, decode_failed.
  static runtime::Result<Tape> load(const std::string& path, std::string& problem);

  friend bool operator==(const Tape&, const Tape&) = default;
};

}  // namespace thresher::sim
