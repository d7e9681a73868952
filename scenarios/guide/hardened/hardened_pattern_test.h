// The vocabulary of the tests that each hardened pattern survives the faults which break its
// published twin: the scenario's own composition, over the real layer and the simulated device,
// with one plan.
//
//   survives(R"({"on": {"call": "launch_kernel"}, "when": {"after_ns": 10000000000},
//                "effect": {"kind": "illegal_address"}})", [](Stage& stage) {
//     EXPECT_TRUE(stage.compute("a"));
//     stage.trouble_begins();
//     EXPECT_EQ(stage.compute("a").error().code, Errc::process_lost);
//   });
//
// Every check of the scenarios is on. After each story faults end, each grain that was used must
// compute again, and nothing may be left over; a plan that struck nothing fails the test.
#pragma once

#include "thresher/runtime/fiber/sync.h"
#include "thresher/scenarios/guide/composition.h"
#include "thresher/scenarios/guide/interfaces.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace thresher::scenarios::hardened {

using guide::ICompute;
using guide::Pattern;
using runtime::Errc;

inline constexpr runtime::Duration second = std::chrono::seconds{1};

/// What a story is told with; lives for one world.
class Stage {
 public:
  Stage(sim::World& world, guide::Composition& composition)
      : world_{world}, composition_{composition} {}

  /// One request; a result that is a success is checked.
  runtime::Result<void> compute(const std::string& key) { return ended(start(key)); }
  /// The same, not waited for.
  runtime::CallFuture<std::vector<double>> start(const std::string& key) {
    used_.insert(key);
    return grain(key).start(ICompute::scale, input_, 3.0);
  }
  runtime::Result<void> ended(runtime::CallFuture<std::vector<double>> future) {
    const auto result = future.take();
    if (!result) {
      // An activation that failed says why in its failure.
      const auto& failure = result.error().failure;
      return runtime::Unexpected{failure ? failure->error : result.error().error};
    }
    EXPECT_EQ(*result, (std::vector{1.5, 3.0, 6.0}));
    return {};
  }
  Errc misuse(const std::string& key) {
    const auto result = grain(key).call(ICompute::misuse);
    return result ? Errc::invalid_argument : result.error().error.code;
  }
  bool reset_device(const std::string& key) {
    return grain(key).call(ICompute::reset_device).has_value();
  }
  void retire(const std::string& key) {
    composition_.silo().deactivate(
        grain(key).id(), {runtime::DeactivationReasonCode::application_requested, "test"});
    const auto before = composition_.silo().activation_count();
    for (int i = 0; i < 60 && composition_.silo().activation_count() == before; ++i) pass(second);
    EXPECT_LT(composition_.silo().activation_count(), before) << key << " does not end";
  }
  /// `key` is not called at the end: there is no device for it.
  void stays_out(const std::string& key) { used_.erase(key); }
  void pass(runtime::Duration span) {
    EXPECT_TRUE(runtime::sleep_for(world_.services().scheduler, span));
  }
  /// The instant from which rules with `"after_ns": 60000000000` strike.
  void trouble_begins() {
    EXPECT_TRUE(runtime::sleep_until(world_.services().scheduler,
                                     runtime::TimePoint{std::chrono::seconds{60}}));
  }
  void jump_wall(runtime::Duration by) { world_.jump_wall(by); }

  void end() {
    composition_.heal();
    for (const std::string& key : used_) must_compute(key);
    const auto limit = runtime::deadline_after(world_.services().scheduler.now(), 600 * second);
    for (const std::string& key : used_) retire(key);
    composition_.check_quiescence();
    composition_.close();
    EXPECT_TRUE(composition_.silo().stop(limit));
    composition_.check_ledger();
    EXPECT_EQ(composition_.accelerators_alive(), 0u);
  }

 private:
  runtime::GrainRef<ICompute> grain(const std::string& key) {
    return composition_.silo().get_grain<ICompute>(key);
  }
  void must_compute(const std::string& key) {
    auto computed = compute(key);
    for (int i = 0; i < 120 && !computed; ++i) {
      pass(10 * second);
      computed = compute(key);
    }
    EXPECT_TRUE(computed) << key << ": " << runtime::describe(computed.error());
  }

  sim::World& world_;
  guide::Composition& composition_;
  const std::vector<double> input_{0.5, 1.0, 2.0};
  std::set<std::string> used_;
};

class HardenedPattern : public testing::Test {
 protected:
  explicit HardenedPattern(Pattern pattern) : pattern_{pattern} {}

  /// Runs `story` under a plan of `rules` (JSON, without the brackets).
  template <typename Story>
  void survives(const std::string& rules, Story story) {
    sim::RunKey key;
    key.plan = "{\"rules\": [" + rules + "]}";
    ASSERT_EQ(guide::Composition::problem(key), "");
    sim::World world{engine_, {.workers = 2, .fault_points = false}};
    guide::Composition::register_programs(world);
    std::optional<guide::Composition> composition;
    std::uint64_t struck = 0;
    const sim::RunResult result = world.run([&] {
      composition.emplace(world, key, pattern_, false, configuration);
      composition->silo().start().value();
      Stage stage{world, *composition};
      story(stage);
      struck = composition->faults_injected();
      stage.end();
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.label << ": " << result.message;
    EXPECT_EQ(struck > 0, !rules.empty()) << "the plan struck " << struck << " times";
  }

  guide::Configuration configuration{.devices = 1,
                                     .grains = 2,
                                     .clients = 1,
                                     .calls = 1,
                                     .pool_size = 1,
                                     .thresher_layer = true,
                                     .memory_bytes = std::uint64_t{4} << 30};

 private:
  sim::Engine engine_;
  Pattern pattern_;
};

}  // namespace thresher::scenarios::hardened
