// Behaviours 1 to 6 of the runtime's reference: activation, and what happens when it fails. Each
// test carries the number and the sentence.
#include "thresher/runtime/grain/grain_world_test.h"

#include <set>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

class ActivationBehaviours : public SiloTest {
 protected:
  void fail_activation(const std::string& text) {
    script.on_activate = [text](const GrainId&, CancellationToken) -> Result<void> {
      throw TestError{text};
    };
  }
};

TEST_F(ActivationBehaviours, b01_first_call_runs_on_activate_exactly_once_before_it) {
  run([&] {
    grain("a").call(ITest::work, "w", 1).value();
    grain("a").call(ITest::work, "w", 1).value();
    EXPECT_EQ(lines(), (std::vector<std::string>{"a activate", "a w+", "a w-", "a w+", "a w-"}));
  });
}

TEST_F(ActivationBehaviours, b01_a_call_after_deactivation_activates_anew) {
  run([&] {
    const std::uint64_t old = grain("a").call(ITest::deactivate).value();
    EXPECT_NE(grain("a").call(ITest::activation).value(), old);
    EXPECT_EQ(journal.count("a activate"), 2);
    EXPECT_EQ(journal.count("a deactivate application_requested"), 1);
  });
}

TEST_F(ActivationBehaviours,
       b02_a_throwing_on_activate_gives_the_caller_the_exception_itself_at_once) {
  fail_activation("Application-OnActivateAsync");
  run([&] {
    const auto failed = grain("a").call(ITest::add, 1);
    EXPECT_EQ(failed.error().error.code, Errc::activation_failed);
    EXPECT_EQ(failed.error().failure->text, "Application-OnActivateAsync");
    EXPECT_THROW(failed.value(), TestError);
    EXPECT_LT(now().time_since_epoch(), 1s);
  });
}

TEST_F(ActivationBehaviours, b02_the_exception_of_on_activate_also_reaches_a_calling_grain) {
  script.on_activate = [](const GrainId& id, CancellationToken) -> Result<void> {
    if (id.key() == "bad") throw TestError{"no"};
    return {};
  };
  script.on_act = [this](Grain&, CancellationToken) -> Result<void> {
    grain("bad").call(ITest::add, 1).value();
    return {};
  };
  run([&] { EXPECT_THROW(grain("caller").call(ITest::act).value(), TestError); });
}

TEST_F(ActivationBehaviours, b02_an_error_that_on_activate_gives_reaches_the_caller_with_its_code) {
  script.on_activate = [](const GrainId&, CancellationToken) -> Result<void> {
    return fail(Errc::capacity);
  };
  run([&] {
    const auto failed = grain("a").call(ITest::add, 1);
    EXPECT_EQ(failed.error().error.code, Errc::activation_failed);
    EXPECT_EQ(failed.error().failure->error.code, Errc::capacity);
  });
}

TEST_F(ActivationBehaviours, b02_a_failed_activation_answers_with_its_failure_for_five_seconds) {
  fail_activation("no");
  run([&] {
    EXPECT_THROW(grain("a").call(ITest::add, 1).value(), TestError);
    script.on_activate = nullptr;
    pass(4999ms);
    EXPECT_THROW(grain("a").call(ITest::add, 1).value(), TestError);
    pass(2ms);
    EXPECT_EQ(grain("a").call(ITest::add, 1).value(), 1);
    EXPECT_EQ(journal.count("a activate"), 2);
  });
}

TEST_F(ActivationBehaviours,
       b02_a_failed_activation_leaves_no_instance_behind_and_is_never_deactivated) {
  fail_activation("no");
  run([&] {
    EXPECT_FALSE(grain("a").call(ITest::add, 1));
    EXPECT_EQ(lines(), (std::vector<std::string>{"a activate", "a gone"}));
    pass(5001ms);
    EXPECT_EQ(silo().activation_count(), 0u);
  });
}

TEST_F(ActivationBehaviours,
       b03_a_throwing_constructor_gives_the_caller_the_exception_and_runs_nothing) {
  script.on_construct = [](const GrainId&) { throw TestError{"constructor"}; };
  run([&] {
    EXPECT_THROW(grain("a").call(ITest::add, 1).value(), TestError);
    EXPECT_TRUE(lines().empty());
    EXPECT_LT(now().time_since_epoch(), 1s);
  });
}

TEST_F(ActivationBehaviours,
       b05_an_on_activate_past_its_timeout_is_cancelled_and_the_next_call_activates) {
  options.activation_timeout = 2s;
  bool told = false;
  script.on_activate = [&](const GrainId&, CancellationToken token) -> Result<void> {
    const auto slept = sleep_for(scheduler(), 1h, token);
    told = !slept.has_value();
    return slept;
  };
  run([&] {
    EXPECT_EQ(time_of([&] {
      EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::cancelled);
    }), 2s);
    script.on_activate = nullptr;
    EXPECT_EQ(grain("a").call(ITest::add, 1).value(), 1);
    pass(1ms);
    EXPECT_TRUE(told);
  });
}

TEST_F(ActivationBehaviours, b05_an_on_activate_that_ignores_its_token_is_not_waited_for) {
  options.activation_timeout = 2s;
  script.on_activate = [&](const GrainId&, CancellationToken) {
    return sleep_for(scheduler(), 10s);
  };
  run([&] {
    EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::cancelled);
    script.on_activate = nullptr;
    EXPECT_EQ(grain("a").call(ITest::add, 1).value(), 1);
    EXPECT_EQ(journal.count("a gone"), 0);
    pass(8001ms);
    EXPECT_EQ(journal.count("a gone"), 1);
  });
}

TEST_F(ActivationBehaviours, b06_a_hundred_callers_of_ten_fresh_keys_see_one_activation_a_key) {
  run([&] {
    for (const char key : std::string{"0123456789"}) {
      std::vector<CallFuture<std::uint64_t>> calls;
      for (int i = 0; i < 100; ++i) {
        calls.push_back(grain(std::string(1, key)).start(ITest::activation));
      }
      std::set<std::uint64_t> seen;
      for (auto& call : calls) seen.insert(call.take().value());
      EXPECT_EQ(seen.size(), 1u);
    }
  }, 4);
}

}  // namespace
}  // namespace thresher::runtime
