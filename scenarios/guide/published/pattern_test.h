// The vocabulary of the defect tests: a published pattern in a world of its own, over the scripted
// layer, told call by call.
//
//   shows(label::slot_lost, [](Stage& stage) {
//     stage.compute("a");
//     stage.retire("a");
//     stage.cause([&] { stage.layer.next(Call::reset, {fails(Errc::device_lost)}); });
//     stage.compute("b");
//   });
//
// runs the story twice, with only that label judged: with its cause the run must fail with exactly
// that label, and without it must survive. Grains, pool and checks are those of the scenarios.
#pragma once

#include "thresher/runtime/grain/silo.h"
#include "thresher/scenarios/guide/interfaces.h"
#include "thresher/scenarios/guide/published/accelerator_pool.h"
#include "thresher/scenarios/guide/published/registration.h"
#include "thresher/scenarios/guide/published/scripted_layer_test.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thresher::scenarios::published {

namespace label = guide::label;
using guide::ICompute;
using guide::Pattern;

inline constexpr runtime::Duration second = std::chrono::seconds{1};

/// What a story is told with; lives for one world.
class Stage {
 public:
  Stage(sim::World& the_world, Pattern pattern, std::uint32_t pool_size, bool with_cause)
      : world{the_world},
        witness{world.services(), world.checks()},
        layer{world.services(), witness},
        silo{world.services(), {.verify_encoding = true}},
        with_cause_{with_cause} {
    silo.add_service(witness);
    silo.add_service<AcceleratorFactory>(layer);
    if (has_pool(pattern)) {
      pool.emplace(world.services(), layer, pool_size);
      silo.add_service(*pool);
    }
    register_grains(silo, pattern);
    silo.start().value();
  }

  /// The fault or the interleaving that brings the defect about.
  template <typename Body>
  void cause(Body body) {
    if (with_cause_) body();
  }

  /// One request; a result that is a success is checked.
  runtime::Result<void> compute(const std::string& key) { return ended(start(key)); }
  /// The same, not waited for: it has got as far as it gets in no time.
  runtime::CallFuture<std::vector<double>> start(const std::string& key) {
    auto future = grain(key).start(ICompute::scale, input_, 3.0);
    pass(std::chrono::milliseconds{1});
    return future;
  }
  runtime::Result<void> ended(runtime::CallFuture<std::vector<double>> future) {
    const auto result = future.take();
    if (!result) return runtime::Unexpected{result.error().error};
    witness.result_given(*result, std::vector{1.5, 3.0, 6.0}, "scale");
    return {};
  }
  void misuse(const std::string& key) { static_cast<void>(grain(key).call(ICompute::misuse)); }
  bool reset_device(const std::string& key) {
    return grain(key).call(ICompute::reset_device).has_value();
  }
  /// Deactivates the grain and waits until it is gone, or no longer waited for.
  void retire(const std::string& key) {
    silo.deactivate(grain(key).id(),
                    {runtime::DeactivationReasonCode::application_requested, "test"});
    const auto before = silo.activation_count();
    for (int i = 0; i < 120 && silo.activation_count() == before; ++i) pass(second);
  }
  void pass(runtime::Duration span) {
    static_cast<void>(runtime::sleep_for(world.services().scheduler, span));
  }
  void jump_wall(runtime::Duration by) {
    world.jump_wall(by);
  }

  /// What the scenarios demand once faults have stopped: `key` computes within 20 minutes.
  void must_compute(const std::string& key) {
    const auto limit = runtime::deadline_after(world.services().scheduler.now(), 1200 * second);
    while (!compute(key)) {
      if (world.services().scheduler.now() >= limit) {
        return world.checks().fail(sim::Verdict::liveness, label::stuck, key + " is stuck");
      }
      pass(10 * second);
    }
  }

  /// The end of every story: all grains go, and nothing may be left over.
  void end() {
    const auto limit = runtime::deadline_after(world.services().scheduler.now(), 600 * second);
    static_cast<void>(silo.stop(limit));
    if (pool) witness.check_pool(*pool);
    witness.check_ledger(pool ? &*pool : nullptr);
  }

  sim::World& world;
  guide::Witness witness;
  ScriptedLayer layer;
  std::optional<AcceleratorPool> pool;
  runtime::Silo silo;

 private:
  runtime::GrainRef<ICompute> grain(const std::string& key) {
    return silo.get_grain<ICompute>(key);
  }

  const std::vector<double> input_{0.5, 1.0, 2.0};
  bool with_cause_;
};

class PublishedPattern : public testing::Test {
 protected:
  explicit PublishedPattern(Pattern pattern) : pattern_{pattern} {}

  template <typename Story>
  void shows(std::string_view wanted, Story story) {
    const sim::RunResult met = tell(wanted, story, true);
    EXPECT_EQ(met.verdict, wanted == label::stuck ? sim::Verdict::liveness : sim::Verdict::safety);
    EXPECT_EQ(met.label, wanted) << met.message;
    EXPECT_FALSE(met.message.empty());
    const sim::RunResult spared = tell(wanted, story, false);
    EXPECT_EQ(spared.verdict, sim::Verdict::survived) << "without cause: " << spared.message;
  }
  /// Plays a story in which tests look for themselves; no label is judged.
  template <typename Story>
  void plays(Story story) {
    const sim::RunResult played = tell("none", story, true);
    EXPECT_EQ(played.verdict, sim::Verdict::survived) << played.message;
  }
  /// Runs a story with its cause and gives what came of it; all labels but `only` are off.
  template <typename Story>
  sim::RunResult tell(std::string_view only, Story story, bool with_cause) {
    sim::WorldOptions options;
    options.workers = 1;
    options.fault_points = false;
    options.only = only;
    sim::World world{engine_, options};
    std::unique_ptr<Stage> stage;
    return world.run([&] {
      stage = std::make_unique<Stage>(world, pattern_, pool_size, with_cause);
      story(*stage);
      stage->end();
    });
  }

  std::uint32_t pool_size = 1;

 private:
  sim::Engine engine_;
  Pattern pattern_;
};

}  // namespace thresher::scenarios::published
