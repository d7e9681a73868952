// The three phases of a guide scenario's run.
//
// The bound of the progress phase is virtual: the longest promise of the patterns (a breaker that
// is open for 5 minutes, an incident of 3) and room for two of them.
#include "thresher/scenarios/guide/guide_run.h"

#include "thresher/runtime/fiber/sync.h"

#include <chrono>

namespace thresher::scenarios::guide {
namespace {

constexpr runtime::Duration progress_limit = std::chrono::minutes{20};
constexpr runtime::Duration retire_limit = std::chrono::minutes{5};

}  // namespace

GuideRun::GuideRun(sim::World& world, const sim::RunKey& key, Pattern pattern, bool published)
    : world_{world}, key_{key}, pattern_{pattern}, published_{published} {}

void GuideRun::run() {
  Draws draws{world_.choices(), world_.checks(), key_};
  configuration_ = Configuration::draw(draws, pattern_, published_);
  grains_ = grain_keys();
  composition_.emplace(world_, key_, pattern_, published_, configuration_);
  Composition& composition = *composition_;
  auto& scheduler = world_.services().scheduler;
  composition.silo().start().value();
  WorkloadOptions options;
  options.grains = grains_;
  options.clients = configuration_.clients;
  options.calls_per_client = configuration_.calls;
  Workload workload{world_.services(), composition.silo(), world_.choices(),
                    composition.witness(), options};
  workload.run();
  world_.checks().sometimes(workload.successes() > 0, "guide.workload.succeeded");
  world_.checks().sometimes(workload.successes() < workload.calls(), "guide.workload.failed");
  world_.checks().sometimes(composition.faults_injected() > 0, "guide.faults.injected");
  composition.heal();
  // As published, a pooled grain holds its accelerator as long as it is active: more grains than
  // slots wait for each other by design, so that each is probed alone.
  const bool one_at_a_time = published_;
  if (one_at_a_time) retire_all(composition);
  progress(workload, one_at_a_time ? &composition : nullptr);
  retire_all(composition);
  composition.check_quiescence();
  composition.close();
  const auto limit = runtime::deadline_after(scheduler.now(), retire_limit);
  static_cast<void>(composition.silo().stop(limit));
  composition.check_ledger();
  // What hardened patterns make writes no ledger: the layer itself must be empty.
  if (!published_) {
    const std::uint32_t alive = composition.accelerators_alive();
    world_.checks().always(alive == 0, label::accelerator_leaked, [alive] {
      return std::to_string(alive) + " accelerators live after every grain and pool has ended";
    });
  }
}

// High-priority keys come first, so that a hybrid of one grain has one.
std::vector<std::string> GuideRun::grain_keys() const {
  std::vector<std::string> keys;
  for (std::uint32_t i = 0; i < configuration_.grains; ++i) {
    const bool high = pattern_ == Pattern::hybrid && i % 2 == 0;
    keys.push_back((high ? "high" : "grain") + std::to_string(i));
  }
  return keys;
}

void GuideRun::progress(Workload& workload, Composition* retire_between) {
  auto& scheduler = world_.services().scheduler;
  const auto limit = runtime::deadline_after(scheduler.now(), progress_limit);
  for (const std::string& grain : grains_) {
    const auto probed = workload.probe(grain, limit);
    if (retire_between != nullptr) retire_all(*retire_between);
    if (probed || world_.checks().failed()) continue;
    if (may_stay_out(grain, probed.error())) continue;
    world_.checks().fail(sim::Verdict::liveness, label::stuck,
                         "grain " + grain + " does not compute " +
                             std::to_string(progress_limit / std::chrono::minutes{1}) +
                             " minutes after the last fault: " +
                             runtime::describe(probed.error()));
  }
}

// More high-priority grains than exclusive devices: the typed refusal is the promise.
bool GuideRun::may_stay_out(const std::string& grain, const runtime::Error& error) const {
  return pattern_ == Pattern::hybrid && grain.starts_with("high") &&
         error.code == runtime::Errc::capacity;
}

void GuideRun::retire_all(Composition& composition) {
  auto& silo = composition.silo();
  auto& scheduler = world_.services().scheduler;
  for (const std::string& grain : grains_) {
    silo.deactivate(silo.get_grain<ICompute>(grain).id(),
                    {runtime::DeactivationReasonCode::application_requested, "end of run"});
  }
  const auto limit = runtime::deadline_after(scheduler.now(), retire_limit);
  while (silo.activation_count() > 0 && scheduler.now() < limit) {
    static_cast<void>(runtime::sleep_for(scheduler, std::chrono::seconds{1}));
  }
  if (silo.activation_count() == 0) return;
  world_.checks().fail(sim::Verdict::liveness, label::stuck,
                       std::to_string(silo.activation_count()) +
                           " activations do not end, " +
                           std::to_string(retire_limit / std::chrono::minutes{1}) +
                           " minutes after they were asked to");
}

}  // namespace thresher::scenarios::guide
