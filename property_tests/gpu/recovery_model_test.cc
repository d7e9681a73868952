// Recovery against any sequence of reset outcomes, canaries, worsening conditions and reporters.
//
// Whatever happens: levels never go down within an incident, it ends in bounded time, healthy only
// after a canary that passed, else with the device quarantined, and everybody who joined hears the
// same. The target does what a drawn script says.
#include "thresher/gpu/recovery.h"

#include "thresher/property_tests/gpu/model_check.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

namespace thresher::gpu {
namespace {

using runtime::Errc;
using runtime::fail;
using runtime::Result;
using runtime::TimePoint;
using std::chrono_literals::operator""s;

enum class Outcome : std::uint8_t { success, no_success, error, hang, canary_wrong, worsens };

struct Script {
  std::vector<Outcome> outcomes;
  std::vector<Errc> reports;
};

std::ostream& operator<<(std::ostream& os, const Script& script) {
  os << "outcomes";
  for (const Outcome each : script.outcomes) os << ' ' << static_cast<int>(each);
  os << ", reports";
  for (const Errc each : script.reports) os << ' ' << runtime::name(each);
  return os;
}

class ScriptedTarget final : public RecoveryTarget {
 public:
  ScriptedTarget(runtime::Scheduler& scheduler, const Script& script)
      : scheduler_{scheduler}, script_{script} {}

  Result<ResetResult> reset_for_recovery(ResetType level, TimePoint deadline) override {
    MODEL_CLAIM(!quarantined);
    levels.push_back(level);
    canary_passed = false;
    now_ = next_ < script_.outcomes.size() ? script_.outcomes[next_++] : Outcome::success;
    const TimePoint end = now_ == Outcome::hang ? deadline : scheduler_.now() + 1s;
    runtime::sleep_until(scheduler_, std::min(end, deadline)).value();
    if (now_ == Outcome::error) return fail(Errc::unavailable);
    if (now_ == Outcome::worsens) required = ResetType::full;
    ResetResult result;
    result.success = now_ != Outcome::no_success && now_ != Outcome::hang &&
                     now_ != Outcome::worsens;
    result.reset_type = level;
    if (result.success && level >= ResetType::hard) ++epoch;
    if (result.success && level == ResetType::full) required = ResetType::soft;
    return result;
  }
  Result<void> run_canary(TimePoint) override {
    runtime::sleep_for(scheduler_, 1s).value();
    if (now_ == Outcome::canary_wrong) return fail(Errc::reset_failed);
    canary_passed = true;
    return {};
  }
  ResetType required_level() const noexcept override { return required; }
  void quarantine_device() noexcept override { quarantined = true; }
  Stamp stamp() const noexcept override { return {.device = {}, .context = 1, .epoch = epoch}; }

  std::vector<ResetType> levels;
  ResetType required = ResetType::soft;
  bool canary_passed = false;
  bool quarantined = false;
  std::uint64_t epoch = 1;

 private:
  runtime::Scheduler& scheduler_;
  const Script& script_;
  std::size_t next_ = 0;
  Outcome now_ = Outcome::success;
};

rc::Gen<Script> scripts() {
  return rc::gen::build<Script>(
      rc::gen::set(&Script::outcomes,
                   rc::gen::container<std::vector<Outcome>>(rc::gen::element(
                       Outcome::success, Outcome::no_success, Outcome::error, Outcome::hang,
                       Outcome::canary_wrong, Outcome::worsens))),
      rc::gen::set(&Script::reports,
                   rc::gen::nonEmpty(rc::gen::container<std::vector<Errc>>(rc::gen::element(
                       Errc::timeout, Errc::reset_failed, Errc::context_lost, Errc::process_lost,
                       Errc::device_lost, Errc::capacity, Errc::caller_bug)))));
}

bool monotone(const std::vector<ResetType>& levels) {
  return std::ranges::is_sorted(levels);
}

/// All reports come while the first incident is open, or one after the other.
void check_script(const Script& script, bool together) {
  sim::Engine engine;
  sim::World world{engine, {}};
  const RecoveryOptions options;
  const sim::RunResult run = world.run([&] {
    runtime::Services& services = world.services();
    runtime::Scheduler& scheduler = services.scheduler;
    Recovery recovery{services, {}, options};
    const auto target = std::make_shared<ScriptedTarget>(scheduler, script);
    std::size_t ended = 0;
    const auto report = [&](Errc code) {
      const TimePoint start = scheduler.now();
      const auto result = recovery.report(
          target, {.error = runtime::make_error(code), .stamp = target->stamp(), .at_least = {}},
          {});
      MODEL_CLAIM(result.has_value());
      MODEL_CLAIM(scheduler.now() - start <= options.incident_timeout + options.full_timeout);
      const bool reset_helps = sufficient_level(code).has_value();
      MODEL_CLAIM((result->outcome == RecoveryOutcome::not_needed) == !reset_helps);
      if (result->outcome == RecoveryOutcome::quarantined) MODEL_CLAIM(target->quarantined);
      if (result->outcome == RecoveryOutcome::healthy && !together) {
        MODEL_CLAIM(target->canary_passed);
        MODEL_CLAIM(!target->quarantined);
      }
      ++ended;
    };
    for (const Errc code : script.reports) {
      if (together) {
        scheduler.spawn({.name = "reporter"}, [&, code] { report(code); });
        continue;
      }
      target->levels.clear();
      report(code);
      MODEL_CLAIM(monotone(target->levels));
      if (target->quarantined) break;
    }
    if (!together) return;
    runtime::sleep_for(scheduler, 20 * options.incident_timeout).value();
    MODEL_CLAIM(ended == script.reports.size());
    MODEL_CLAIM(!recovery.open());
  });
  survives(run);
}

RC_GTEST_PROP(RecoveryModel, an_incident_only_goes_up_and_ends_healthy_or_quarantined, ()) {
  check_script(*scripts(), false);
}

RC_GTEST_PROP(RecoveryModel, everybody_who_reports_meanwhile_gets_an_answer, ()) {
  Script script = *scripts();
  // A quarantine by one report is the end for all: the script has no device come back.
  std::erase(script.reports, Errc::device_lost);
  if (script.reports.empty()) script.reports.push_back(Errc::timeout);
  script.outcomes.resize(std::min<std::size_t>(script.outcomes.size(), 3));
  check_script(script, true);
}

}  // namespace
}  // namespace thresher::gpu
