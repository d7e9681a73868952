// The swarm's repertoire, as data: what can be drawn, at which point, and how long it may take.
//
// Rates are per match of the point, so points that are passed often have lower ones. Everything is
// bounded in number, so that a run can recover between strikes.
#include "thresher/faults/swarm.h"

#include "thresher/runtime/base/assert.h"

#include <array>
#include <optional>
#include <utility>

namespace thresher::faults {

namespace {

using gpu::DriverCall;
using gpu::DriverResult;

constexpr std::string_view lane = "draw/faults";
constexpr std::array rates{Ratio{.num = 1, .den = 300}, Ratio{.num = 1, .den = 100},
                           Ratio{.num = 1, .den = 30}, Ratio{.num = 1, .den = 10}};
/// From a hiccup to longer than any deadline of the layer.
constexpr std::array<runtime::Duration, 5> durations{
    std::chrono::milliseconds{1}, std::chrono::milliseconds{20}, std::chrono::milliseconds{500},
    std::chrono::seconds{6}, std::chrono::seconds{40}};
constexpr std::uint64_t times_max = 4;
/// Rare by nature: how much rarer than drawn.
constexpr std::uint32_t rare = 20;

/// What a scenario must offer for an entry.
enum class Needs : std::uint8_t { nothing, workers, layer, storage, spare_device, claim };

struct Entry {
  std::string_view label;
  Point point{};
  Effect effect{};
  Needs needs = Needs::nothing;
  bool takes_time = false;
  bool is_rare = false;
};

Point at(DriverCall call) { return {.kind = PointKind::call, .call = call}; }

Effect answers(DriverResult code) { return {.kind = FaultKind::result, .code = code}; }

Effect makes(FaultKind kind) { return {.kind = kind}; }

Effect stuck(Until until) { return {.kind = FaultKind::kernel_stuck, .until = until}; }

std::vector<Entry> driver_entries() {
  const Point any_call{.kind = PointKind::call};
  const Point launch = at(DriverCall::launch_kernel);
  std::vector<Entry> entries;
  entries.push_back({"oom.allocate", at(DriverCall::memory_allocate),
                     answers(DriverResult::out_of_memory)});
  entries.push_back({"oom.module", at(DriverCall::module_load),
                     answers(DriverResult::out_of_memory)});
  entries.push_back({"oom.context", at(DriverCall::context_create),
                     answers(DriverResult::out_of_memory)});
  entries.push_back({"module.refused", at(DriverCall::module_load),
                     answers(DriverResult::invalid_image)});
  entries.push_back({"context.unavailable", at(DriverCall::context_create),
                     answers(DriverResult::device_unavailable)});
  entries.push_back({"context.slow", at(DriverCall::context_create), makes(FaultKind::delay),
                     Needs::nothing, true});
  entries.push_back({"context.lost", at(DriverCall::memory_allocate),
                     makes(FaultKind::context_lost)});
  entries.push_back({"kernel.stuck", launch, stuck(Until::process_replaced)});
  entries.push_back({"kernel.stuck_in_context", launch, stuck(Until::context_destroyed)});
  entries.push_back({"kernel.slow", launch, makes(FaultKind::kernel_slow), Needs::nothing, true});
  entries.push_back({"kernel.failed", launch, makes(FaultKind::launch_failed)});
  entries.push_back({"kernel.illegal_address", launch, makes(FaultKind::illegal_address)});
  entries.push_back({"kernel.misaligned", launch, makes(FaultKind::misaligned_address)});
  entries.push_back({"kernel.assert", launch, makes(FaultKind::device_assert)});
  entries.push_back({"device.ecc", launch, makes(FaultKind::ecc_uncorrectable), Needs::spare_device,
                     false, true});
  entries.push_back({"device.nvlink", launch, makes(FaultKind::nvlink_uncorrectable),
                     Needs::spare_device, false, true});
  entries.push_back({"copy.slow", at(DriverCall::copy_to_host), makes(FaultKind::copy_slow),
                     Needs::nothing, true});
  entries.push_back({"device.lost", any_call, makes(FaultKind::fallen_off_bus),
                     Needs::spare_device, false, true});
  entries.push_back({"worker.dies", any_call, makes(FaultKind::worker_dies), Needs::workers, false,
                     true});
  entries.push_back({"kernel.corrupted", launch, makes(FaultKind::corrupted_result),
                     Needs::claim});
  entries.push_back({"copy.corrupted", at(DriverCall::copy_to_host),
                     makes(FaultKind::corrupted_copy), Needs::claim});
  return entries;
}

std::vector<Entry> other_entries() {
  const Point reset{.kind = PointKind::reset};
  const Point canary{.kind = PointKind::canary};
  const Point storage{.kind = PointKind::storage};
  const Point write{.kind = PointKind::storage, .storage = StorageCall::write};
  std::vector<Entry> entries;
  entries.push_back({"reset.no_success", reset, makes(FaultKind::no_success), Needs::layer});
  entries.push_back({"reset.error", reset, makes(FaultKind::error), Needs::layer});
  entries.push_back({"reset.hang", reset, makes(FaultKind::hang), Needs::layer});
  entries.push_back({"reset.false_success", reset, makes(FaultKind::false_success), Needs::claim});
  entries.push_back({"canary.wrong", canary, makes(FaultKind::no_success), Needs::layer});
  entries.push_back({"canary.error", canary, makes(FaultKind::error), Needs::layer});
  entries.push_back({"canary.hang", canary, makes(FaultKind::hang), Needs::layer});
  entries.push_back({"storage.fails_before", storage, makes(FaultKind::storage_fails_before),
                     Needs::storage});
  entries.push_back({"storage.fails_after", write, makes(FaultKind::storage_fails_after),
                     Needs::storage});
  entries.push_back({"storage.conflict", write, makes(FaultKind::storage_conflict),
                     Needs::storage});
  entries.push_back({"storage.slow", storage, makes(FaultKind::storage_slow), Needs::storage,
                     true});
  return entries;
}

bool offered(Needs needs, const SwarmOptions& options) {
  switch (needs) {
    case Needs::nothing: return true;
    case Needs::workers: return options.workers;
    case Needs::layer: return options.layer;
    case Needs::storage: return options.storage;
    case Needs::spare_device: return options.lose_devices && options.devices > 1;
    case Needs::claim: return options.silent;
  }
  THRESHER_UNREACHABLE();
}

Rule draw_rule(Draw& draw, const Entry& entry, const SwarmOptions& options) {
  Rule rule{.label = std::string{entry.label}, .point = entry.point, .effect = entry.effect};
  rule.when.ratio = rates[draw.below(lane, rates.size(), THRESHER_SITE("swarm.rate"))];
  THRESHER_ASSERT(rule.when.ratio.den >= 1);
  rule.times = 1 + draw.below(lane, times_max, THRESHER_SITE("swarm.times"));
  if (entry.is_rare) {
    rule.when.ratio.den *= rare;
    rule.times = 1;
  }
  if (entry.takes_time) {
    rule.effect.duration =
        durations[draw.below(lane, durations.size(), THRESHER_SITE("swarm.duration"))];
  }
  if (entry.needs == Needs::spare_device) {
    const auto device = draw.below(lane, options.devices, THRESHER_SITE("swarm.device"));
    rule.point.device = gpu::DeviceOrdinal{static_cast<std::uint32_t>(device)};
  }
  return rule;
}

}  // namespace

Plan draw_swarm(Draw& draw, const SwarmOptions& options) {
  THRESHER_ASSERT(options.devices >= 1);
  Plan plan;
  for (const auto& entries : {driver_entries(), other_entries()}) {
    for (const Entry& entry : entries) {
      if (!offered(entry.needs, options)) continue;
      if (!draw.chance(lane, options.enabled, THRESHER_SITE("swarm.enabled"))) continue;
      plan.rules.push_back(draw_rule(draw, entry, options));
    }
  }
  return plan;
}

std::string describe(const Plan& plan) {
  std::string text;
  for (const Rule& rule : plan.rules) {
    text += (text.empty() ? "" : ", ") + (rule.label.empty() ? rule.text() : rule.label);
    const Ratio ratio = rule.when.ratio;
    if (ratio.num != ratio.den) {
      text += " " + std::to_string(ratio.num) + "/" + std::to_string(ratio.den);
    }
  }
  return text.empty() ? "none" : text;
}

}  // namespace thresher::faults
