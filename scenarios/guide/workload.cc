// Clients of the guide's compute grains.
//
// Values are small integers and halves, so that products and sums are exact in any order and a
// wrong bit is never rounding.
#include "thresher/scenarios/guide/workload.h"

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/kernels.h"

#include <algorithm>

namespace thresher::scenarios::guide {
namespace {

std::vector<double> input_of(std::uint64_t count, std::uint64_t start) {
  std::vector<double> values(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    values[i] = static_cast<double>((start + i * 7) % 1024) * 0.5;
  }
  return values;
}

// The operating error behind a failure: that of the activation or of the method itself.
runtime::Error cause_of(const runtime::CallError& error) {
  return error.failure != nullptr ? error.failure->error : error.error;
}

}  // namespace

Workload::Workload(runtime::Services& services, runtime::Silo& silo, sim::Choices& choices,
                   Witness& witness, WorkloadOptions options)
    : services_{services},
      silo_{silo},
      choices_{choices},
      witness_{witness},
      options_{std::move(options)} {
  THRESHER_ASSERT(!options_.grains.empty());
  THRESHER_ASSERT(options_.clients >= 1);
}

void Workload::run() {
  runtime::with_scope(services_.scheduler, "client", [this](runtime::Scope& scope) {
    for (std::uint32_t i = 0; i < options_.clients; ++i) {
      scope.spawn([this, i] { client(i); });
    }
  });
}

void Workload::client(std::uint32_t index) {
  const sim::LaneId lane = choices_.lane("work/client" + std::to_string(index));
  for (std::uint32_t call = 0; call < options_.calls_per_client; ++call) {
    one_call(lane);
    const auto pause =
        choices_.choose(lane, 8, THRESHER_SITE("guide.workload.pause")) * options_.pause_max / 7;
    if (pause > runtime::Duration{0}) {
      static_cast<void>(runtime::sleep_for(services_.scheduler, pause));
    }
  }
}

void Workload::one_call(sim::LaneId lane) {
  const auto grain_index =
      choices_.choose(lane, options_.grains.size(), THRESHER_SITE("guide.workload.grain"));
  const std::string& key = options_.grains[grain_index];
  const auto kind = choices_.choose(lane, 12, THRESHER_SITE("guide.workload.kind"));
  ++calls_;
  auto grain = silo_.get_grain<ICompute>(key);
  if (kind == 9 && options_.misuse) {
    static_cast<void>(ended(grain.call(ICompute::misuse)));
  } else if (kind == 10 && options_.resets) {
    static_cast<void>(ended(grain.call(ICompute::reset_device)));
  } else if (kind == 11) {
    static_cast<void>(ended(grain.call(ICompute::retire)));
  } else {
    const auto size = 1 + choices_.choose(lane, options_.elements_max,
                                          THRESHER_SITE("guide.workload.elements"));
    const auto values = input_of(size, calls_);
    static_cast<void>(compute(key, values, kind % 2 == 1, static_cast<double>(kind + 1)));
  }
}

runtime::Result<void> Workload::compute(const std::string& grain,
                                        const std::vector<double>& values, bool sum,
                                        double scalar) {
  auto reference = silo_.get_grain<ICompute>(grain);
  if (sum) {
    const auto result = reference.call(ICompute::sum, values, scalar);
    if (!result) return runtime::Unexpected{cause_of(result.error())};
    const double expected = reference_sum(values, scalar);
    witness_.result_given(std::span{&*result, 1}, std::span{&expected, 1}, "sum of " + grain);
  } else {
    const auto result = reference.call(ICompute::scale, values, scalar);
    if (!result) return runtime::Unexpected{cause_of(result.error())};
    std::vector<double> expected = values;
    for (double& value : expected) value = value * scalar;
    witness_.result_given(*result, expected, "scale of " + grain);
  }
  ++successes_;
  return {};
}

runtime::Result<void> Workload::ended(const runtime::CallResult<void>& result) {
  if (!result) return runtime::Unexpected{cause_of(result.error())};
  ++successes_;
  return {};
}

runtime::Result<void> Workload::probe(const std::string& grain, runtime::TimePoint deadline) {
  const auto values = input_of(17, 3);
  for (;;) {
    auto result = compute(grain, values, false, 3.0);
    if (result || services_.scheduler.now() >= deadline) return result;
    static_cast<void>(runtime::sleep_for(services_.scheduler, std::chrono::seconds{10}));
  }
}

}  // namespace thresher::scenarios::guide
