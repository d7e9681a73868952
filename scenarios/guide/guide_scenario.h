// The ten guide scenarios: five patterns, each as published and hardened.
//
// Constants; the registry lists them. A run makes its own world and leaves nothing behind.
#pragma once

#include "thresher/scenarios/guide/patterns.h"
#include "thresher/scenarios/scenario.h"

#include <string>

namespace thresher::scenarios::guide {

class GuideScenario final : public Scenario {
 public:
  GuideScenario(Pattern pattern, bool published) noexcept
      : pattern_{pattern}, published_{published} {}

  const ScenarioInfo& info() const noexcept override { return info_of(pattern_, published_); }
  runtime::Result<sim::RunResult> run(sim::Engine& engine, const sim::RunKey& key,
                                      const RunOptions& options,
                                      std::string& problem) const override;

 private:
  Pattern pattern_;
  bool published_;
};

}  // namespace thresher::scenarios::guide
