// The order of the steps up and down, the parts of a grain's lifecycle, and the directory's say.
#include "thresher/runtime/grain/grain_world_test.h"
#include "thresher/runtime/grain/local_directory.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

struct IStep : Interface<"test.Step"> {
  static constexpr auto step = method<"step", void()>();
};

/// A part that notes when it starts and stops, and fails when told.
class NotingPart final : public LifecycleParticipant {
 public:
  NotingPart(Journal& journal, std::string name, bool fails = false)
      : journal_{journal}, name_{std::move(name)}, fails_{fails} {}
  Result<void> on_start(CancellationToken) override {
    journal_.add(name_ + " starts");
    if (fails_) return fail(Errc::storage_failed);
    return {};
  }
  Result<void> on_stop(CancellationToken) override {
    journal_.add(name_ + " stops");
    return {};
  }

 private:
  Journal& journal_;
  std::string name_;
  bool fails_;
};

/// A grain with three parts that joined out of order.
class StepGrain final : public Grain {
 public:
  StepGrain(GrainContext& context, Journal& journal, const bool& fails)
      : Grain{context},
        journal_{journal},
        late_{journal, "late"},
        state_{journal, "state"},
        more_{journal, "more", fails} {
    journal_.add("construct");
    context.join_lifecycle(lifecycle_stage::activate, late_);
    context.join_lifecycle(lifecycle_stage::set_up_state, state_);
    context.join_lifecycle(lifecycle_stage::set_up_state, more_);
  }
  ~StepGrain() override { journal_.add("destroy"); }
  static void bind(MethodTable<StepGrain>& table) { table.on(IStep::step, &StepGrain::step); }
  Result<void> on_activate(CancellationToken) override {
    journal_.add("on_activate");
    return {};
  }
  Result<void> on_deactivate(const DeactivationReason&, CancellationToken) override {
    journal_.add("on_deactivate");
    return {};
  }
  void step() {
    journal_.add("step");
    deactivate_on_idle();
  }

 private:
  Journal& journal_;
  NotingPart late_;
  NotingPart state_;
  NotingPart more_;
};

/// A directory that notes what it is asked, and answers as told.
class NotingDirectory final : public Directory {
 public:
  explicit NotingDirectory(Journal& journal) : journal_{journal} {}
  Result<GrainAddress> register_address(const GrainAddress& address,
                                        const std::optional<GrainAddress>& previous) override {
    journal_.add("register");
    if (fails) return fail(Errc::unavailable);
    if (winner) return *winner;
    return rows_.register_address(address, previous);
  }
  Result<void> unregister_address(const GrainAddress& address) override {
    journal_.add("unregister");
    return rows_.unregister_address(address);
  }
  Result<std::optional<GrainAddress>> lookup(const GrainId& grain) override {
    return rows_.lookup(grain);
  }
  Result<void> unregister_silo(const SiloAddress& silo) override {
    return rows_.unregister_silo(silo);
  }
  bool fails = false;
  std::optional<GrainAddress> winner;

 private:
  Journal& journal_;
  LocalDirectory rows_;
};

class Lifecycle : public SiloTest {
 protected:
  Lifecycle() {
    options.directory = &directory;
    more_set_up = [this](Silo& made) {
      made.register_grain<StepGrain>("step", [this](GrainContext& context, Journal& of_test) {
        return std::make_unique<StepGrain>(context, of_test, part_fails);
      });
    };
  }
  CallResult<void> step() { return silo().get_grain<IStep>("s").call(IStep::step); }

  NotingDirectory directory{journal};
  bool part_fails = false;
};

TEST_F(Lifecycle, takes_its_steps_up_and_down_in_order) {
  run([&] {
    step().value();
    pass(1ms);
    EXPECT_EQ(lines(), (std::vector<std::string>{
                           "construct", "register", "state starts", "more starts", "late starts",
                           "on_activate", "step", "on_deactivate", "late stops", "more stops",
                           "state stops", "unregister", "destroy"}));
  });
}

TEST_F(Lifecycle, of_a_failed_activation_stops_the_parts_that_had_started) {
  part_fails = true;
  run([&] {
    EXPECT_EQ(step().error().failure->error.code, Errc::storage_failed);
    EXPECT_EQ(lines(), (std::vector<std::string>{"construct", "register", "state starts",
                                                 "more starts", "state stops", "destroy"}));
    pass(5001ms);
    EXPECT_EQ(lines().back(), "unregister");
  });
}

TEST_F(Lifecycle, ends_without_a_row_when_the_directory_fails) {
  directory.fails = true;
  run([&] {
    EXPECT_EQ(step().error().error.code, Errc::unavailable);
    pass(1ms);
    EXPECT_EQ(lines(), (std::vector<std::string>{"construct", "register", "destroy"}));
    directory.fails = false;
    step().value();
  });
}

TEST_F(Lifecycle, gives_way_to_an_activation_on_another_silo) {
  directory.winner = GrainAddress{GrainId{"step", "s"}, ActivationId{1}, SiloAddress{"other", 1}};
  run([&] {
    EXPECT_EQ(step().error().error.code, Errc::unavailable);
    EXPECT_EQ(journal.count("on_activate"), 0);
  });
}

TEST_F(Lifecycle, replaces_the_row_of_an_older_activation_of_its_own_silo) {
  const GrainAddress old{GrainId{"step", "s"}, ActivationId{1}, SiloAddress{}};
  directory.register_address(old, {}).value();
  run([&] { EXPECT_TRUE(step()); });
}

TEST_F(Lifecycle, deactivation_asked_for_while_activating_follows_the_activation) {
  script.on_activate = [&](const GrainId& id, CancellationToken) {
    silo().deactivate(id, {DeactivationReasonCode::high_memory_pressure, ""});
    return sleep_for(scheduler(), 10ms);
  };
  run([&] {
    CallFuture<std::int64_t> call = grain("a").start(ITest::add, 1);
    pass(5ms);
    script.on_activate = nullptr;
    EXPECT_TRUE(call.take());
    EXPECT_EQ(journal.count("a activate"), 2);
    EXPECT_EQ(journal.count("a deactivate high_memory_pressure"), 1);
  });
}

TEST_F(Lifecycle, on_activate_is_not_waited_for_when_time_ran_out_before_it) {
  options.activation_timeout = 1s;
  script.on_construct = [&](const GrainId&) { sleep_for(scheduler(), 2s).value(); };
  script.on_activate = [&](const GrainId&, CancellationToken) {
    return sleep_for(scheduler(), 10s);
  };
  run([&] {
    EXPECT_EQ(time_of([&] {
      EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::cancelled);
    }), 2s);
  });
}

TEST_F(Lifecycle, a_grain_that_never_lets_a_request_run_refuses_it_in_the_end) {
  script.on_activate = [&](const GrainId& id, CancellationToken) {
    silo().deactivate(id, {DeactivationReasonCode::application_requested, ""});
    return sleep_for(scheduler(), 1ms);
  };
  run([&] { EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::rejected); });
}

TEST_F(Lifecycle, a_cycle_of_calls_is_reported_by_name_when_asked_for) {
  options.report_call_cycles = true;
  script.on_act = [](Grain& self, CancellationToken) -> Result<void> {
    const std::string_view other = self.id().key() == "a" ? "b" : "a";
    runtime::get_grain<ITest>(self.context().silo(), other, "test").call(ITest::act).value();
    return {};
  };
  sim::World world{engine, {.workers = 1, .fault_points = false}};
  const sim::RunResult result = world.run([&] {
    Silo made{world.services(), options};
    set_up(made);
    made.start().value();
    static_cast<void>(made.get_grain<ITest>("a", "test").call(ITest::act));
    static_cast<void>(made.stop());
  });
  EXPECT_EQ(result.verdict, sim::Verdict::liveness);
  EXPECT_NE(result.message.find("test/b"), std::string::npos) << result.message;
}

}  // namespace
}  // namespace thresher::runtime
