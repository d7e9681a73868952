// A silo whose world ends: unwound turns, pending calls and timers leave nothing behind; and a run
// is a function of its seed.
#include "thresher/runtime/grain/grain_world_test.h"
#include "thresher/runtime/grain/silo_core.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

class SiloEnd : public SiloTest {
 protected:
  /// Ends a world, by a failed check, in the middle of what `load` started.
  template <typename Load>
  void end_during(Load load, std::uint32_t workers = 2) {
    sim::World world{engine, {.workers = workers, .fault_points = false}};
    const sim::RunResult result = world.run([&] {
      Silo made{world.services()};
      set_up(made);
      made.start().value();
      load(made);
      sleep_for(world.services().scheduler, 1s).value();
      world.checks().always(false, "test.end");
      sleep_for(world.services().scheduler, 1s).value();
    });
    EXPECT_EQ(result.verdict, sim::Verdict::safety) << result.message;
  }
  std::int64_t gone() const {
    return std::count_if(journal.lines.begin(), journal.lines.end(),
                         [](const std::string& line) { return line.ends_with(" gone"); });
  }
};

TEST_F(SiloEnd, destroys_every_grain_once_when_its_world_ends) {
  end_during([](Silo& made) {
    std::vector<CallFuture<std::string>> calls;
    for (int i = 0; i < 20; ++i) {
      const auto grain = made.get_grain<ITest>(std::to_string(i), "test");
      calls.push_back(grain.start(ITest::work, "runs", 60'000));
      calls.push_back(grain.start(ITest::work, "waits", 60'000));
    }
  });
  EXPECT_EQ(gone(), 20);
}

TEST_F(SiloEnd, unwinds_activations_that_are_on_their_way_up_or_down) {
  const auto hang = [](const GrainId&, CancellationToken) { return Result<void>{}; };
  script.on_activate = hang;
  script.on_deactivate = hang;
  end_during([&](Silo& made) {
    Scheduler& of_world = made.core().services.scheduler;
    script.on_activate = [&of_world](const GrainId& id, CancellationToken token) {
      return id.key() == "up" ? sleep_for(of_world, 1h, token) : Result<void>{};
    };
    script.on_deactivate = [&of_world](const GrainId&, CancellationToken token) {
      return sleep_for(of_world, 1h, token);
    };
    static_cast<void>(made.get_grain<ITest>("up", "test").start(ITest::add, 1));
    static_cast<void>(made.get_grain<ITest>("down", "test").start(ITest::deactivate));
  });
  EXPECT_EQ(gone(), 2);
}

TEST_F(SiloEnd, unwinds_grains_that_wait_for_each_other) {
  script.on_act = [](Grain& self, CancellationToken) -> Result<void> {
    const std::string_view other = self.id().key() == "a" ? "b" : "a";
    runtime::get_grain<ITest>(self.context().silo(), other, "test").call(ITest::act).value();
    return {};
  };
  end_during([](Silo& made) {
    static_cast<void>(made.get_grain<ITest>("a", "test").start(ITest::act));
  });
  EXPECT_EQ(gone(), 2);
}

TEST_F(SiloEnd, is_the_same_at_every_run_of_one_seed) {
  const auto hash_of = [this](std::uint64_t seed) {
    sim::World world{engine, {.seed = seed, .workers = 3, .fault_points = false}};
    return world.run([&] {
      Silo made{world.services()};
      set_up(made);
      made.start().value();
      std::vector<CallFuture<std::string>> calls;
      for (int i = 0; i < 50; ++i) {
        calls.push_back(made.get_grain<ITest>(std::to_string(i % 7), "test")
                            .start(ITest::work, "w", i % 5));
      }
      for (auto& call : calls) call.take().value();
      made.stop().value();
    }).trace_hash;
  };
  EXPECT_EQ(hash_of(1), hash_of(1));
  EXPECT_NE(hash_of(1), hash_of(2));
}

}  // namespace
}  // namespace thresher::runtime
