// Call-chain reentrancy: scopes in which calls that come back to the grain are let in.
//
// Off by default, as in Orleans: a non-reentrant A -> B -> A waits for itself until the response
// timeout. Within AllowCallChainReentrancy the calls made carry the chain's id, and those that come
// back to the activation that opened the scope are admitted; SuppressCallChainReentrancy makes the
// calls in it carry none. Scopes belong to the request in which they were made.
#pragma once

#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/grain/grain.h"

#include <cstdint>

namespace thresher::runtime {

class AllowCallChainReentrancy {
 public:
  /// Requires: called in a turn of `grain`.
  explicit AllowCallChainReentrancy(Grain& grain);
  ~AllowCallChainReentrancy();
  AllowCallChainReentrancy(const AllowCallChainReentrancy&) = delete;
  AllowCallChainReentrancy& operator=(const AllowCallChainReentrancy&) = delete;

 private:
  Grain& grain_;
  RequestFrame& frame_;
  std::uint64_t before_;
};

class SuppressCallChainReentrancy {
 public:
  /// Requires: called in a turn of `grain`.
  explicit SuppressCallChainReentrancy(Grain& grain);
  ~SuppressCallChainReentrancy();
  SuppressCallChainReentrancy(const SuppressCallChainReentrancy&) = delete;
  SuppressCallChainReentrancy& operator=(const SuppressCallChainReentrancy&) = delete;

 private:
  RequestFrame& frame_;
  std::uint64_t before_;
};

}  // namespace thresher::runtime
