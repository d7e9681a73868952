// Where an activation is: silo, activation, grain. Values, as in Orleans; a silo's generation tells
// its lives apart, an activation's id those of a grain.
#pragma once

#include "thresher/runtime/grain/grain_id.h"

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace thresher::runtime {

/// Names one activation among all that ever were; a new activation of a grain has a new one.
struct ActivationId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ActivationId&, const ActivationId&) = default;
};

/// One life of one silo: a restarted process has another generation and is another silo.
struct SiloAddress {
  std::string endpoint = "local";
  std::uint64_t generation = 1;

  /// `endpoint@generation`.
  std::string text() const { return endpoint + "@" + std::to_string(generation); }
  friend auto operator<=>(const SiloAddress&, const SiloAddress&) = default;
};

/// A row of the directory.
struct GrainAddress {
  GrainId grain;
  ActivationId activation;
  SiloAddress silo;
  friend bool operator==(const GrainAddress&, const GrainAddress&) = default;
};

}  // namespace thresher::runtime
