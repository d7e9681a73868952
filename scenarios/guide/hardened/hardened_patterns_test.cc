// Each fault that shows a defect of a published pattern, met by its hardened twin: result or typed
// error, nothing left over, and the next call computes. One test for each defect's label.
#include "thresher/scenarios/guide/hardened/hardened_pattern_test.h"

namespace thresher::scenarios::hardened {
namespace {

using namespace std::chrono_literals;

const std::string later = R"("when": {"after_ns": 60000000000})";

/// Rules that strike once, from the beginning of trouble on.
std::string kernel(const std::string& effect) {
  return R"({"on": {"call": "launch_kernel"}, )" + later + R"(, "effect": {"kind": ")" + effect +
         "\"}}";
}
std::string call(const std::string& name, const std::string& code, const std::string& more = "") {
  return R"({"on": {"call": ")" + name + "\"}, " + later + more +
         R"(, "effect": {"kind": "result", "code": ")" + code + "\"}}";
}
std::string reset(const std::string& effect, const std::string& more = "") {
  return R"({"on": {"reset": "any"}, )" + later + more + R"(, "effect": {"kind": ")" + effect +
         "\"}}";
}

class IsolatedHardened : public HardenedPattern {
 protected:
  IsolatedHardened() : HardenedPattern{Pattern::isolated} {}
};
class PooledHardened : public HardenedPattern {
 protected:
  PooledHardened() : HardenedPattern{Pattern::pooled} {}
};
class HybridHardened : public HardenedPattern {
 protected:
  HybridHardened() : HardenedPattern{Pattern::hybrid} { configuration.devices = 2; }
};
class RetryHardened : public HardenedPattern {
 protected:
  RetryHardened() : HardenedPattern{Pattern::retry} {}
};
class BreakerHardened : public HardenedPattern {
 protected:
  BreakerHardened() : HardenedPattern{Pattern::breaker} {}
};

TEST_F(IsolatedHardened, answers_the_kernels_error_although_the_reset_after_it_fails) {
  survives(kernel("illegal_address") + "," + reset("no_success"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_EQ(stage.compute("a").error().code, Errc::process_lost);
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(IsolatedHardened, leaves_no_buffer_behind_when_a_kernel_fails) {
  survives(kernel("launch_failed"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_FALSE(stage.compute("a"));
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(IsolatedHardened, disposes_its_accelerator_although_the_reset_on_deactivation_fails) {
  for (const char* const effect : {"no_success", "error", "hang"}) {
    survives(reset(effect), [](Stage& stage) {
      EXPECT_TRUE(stage.compute("a"));
      stage.trouble_begins();
      stage.retire("a");
    });
  }
}

TEST_F(IsolatedHardened, spares_its_neighbour_when_memory_runs_out) {
  survives(call("memory_allocate", "out_of_memory"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("b"));
    stage.trouble_begins();
    auto neighbour = stage.start("b");
    static_cast<void>(stage.compute("a"));
    static_cast<void>(stage.ended(std::move(neighbour)));
    EXPECT_TRUE(stage.compute("b"));
  });
}

TEST_F(IsolatedHardened, recovers_by_another_level_when_a_reset_answers_no_success) {
  survives(kernel("launch_failed") + "," + reset("no_success"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_FALSE(stage.compute("a"));
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(IsolatedHardened, computes_on_after_a_caller_reset_the_device) {
  survives("", [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    EXPECT_TRUE(stage.reset_device("a"));
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(IsolatedHardened, heals_a_poisoned_process_with_a_full_reset) {
  survives(kernel("illegal_address"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_EQ(stage.compute("a").error().code, Errc::process_lost);
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(PooledHardened, keeps_its_slot_when_a_creation_fails) {
  survives(R"({"on": {"call": "context_create"}, "times": 1,
               "effect": {"kind": "result", "code": "out_of_memory"}})", [](Stage& stage) {
    static_cast<void>(stage.compute("a"));
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(PooledHardened, keeps_slot_and_accelerator_when_the_reset_on_return_fails) {
  for (const char* const effect : {"no_success", "error", "hang"}) {
    survives(reset(effect), [](Stage& stage) {
      EXPECT_TRUE(stage.compute("a"));
      stage.trouble_begins();
      EXPECT_TRUE(stage.compute("a"));
      EXPECT_TRUE(stage.compute("b"));
    });
  }
}

TEST_F(PooledHardened, hands_out_only_what_computes_after_a_kernel_broke_its_accelerator) {
  survives(kernel("illegal_address") + "," + reset("no_success"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_FALSE(stage.compute("a"));
    EXPECT_TRUE(stage.compute("b"));
  });
}

TEST_F(PooledHardened, lets_more_grains_than_slots_compute) {
  survives("", [](Stage& stage) {
    for (const char* const key : {"a", "b", "c"}) EXPECT_TRUE(stage.compute(key));
  });
}

TEST_F(HybridHardened, refuses_a_second_exclusive_grain_with_capacity) {
  survives("", [](Stage& stage) {
    EXPECT_TRUE(stage.compute("high0"));
    EXPECT_TRUE(stage.compute("a"));
    EXPECT_EQ(stage.compute("high1").error().code, Errc::capacity);
    stage.retire("high0");
    stage.pass(10s);
    EXPECT_TRUE(stage.compute("high1"));
    stage.retire("high1");
    stage.stays_out("high1");
  });
}

TEST_F(HybridHardened, spares_the_pools_grains_when_one_of_high_priority_fails_and_goes) {
  survives(R"({"on": {"call": "launch_kernel", "device": 0}, )" + later +
               R"(, "effect": {"kind": "illegal_address"}})",
           [](Stage& stage) {
             EXPECT_TRUE(stage.compute("high0"));
             EXPECT_TRUE(stage.compute("a"));
             stage.trouble_begins();
             auto pooled = stage.start("a");
             EXPECT_FALSE(stage.compute("high0"));
             EXPECT_TRUE(stage.ended(std::move(pooled)));
           });
}

TEST_F(HybridHardened, gives_its_device_back_although_the_reset_on_return_fails) {
  survives(reset("error"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("high0"));
    stage.trouble_begins();
    stage.retire("high0");
    stage.pass(10s);
    EXPECT_TRUE(stage.compute("high0"));
  });
}

TEST_F(RetryHardened, reaches_full_and_gives_a_result_when_a_kernel_poisons_its_process) {
  survives(kernel("illegal_address"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(RetryHardened, answers_the_computations_error_when_every_reset_fails) {
  survives(kernel("launch_failed") + "," + reset("error", R"(, "times": 3)"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    stage.trouble_begins();
    const auto result = stage.compute("a");
    EXPECT_TRUE(result.has_value() || result.error().code != Errc::reset_failed);
  });
}

TEST_F(RetryHardened, answers_a_callers_bug_at_once_and_resets_nothing) {
  survives("", [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    EXPECT_EQ(stage.misuse("a"), Errc::caller_bug);
    EXPECT_TRUE(stage.compute("a"));
  });
}

TEST_F(BreakerHardened, opens_for_all_grains_of_a_device_and_closes_by_its_own_probe) {
  survives(call("launch_kernel", "device_unavailable", R"(, "times": 3)"), [](Stage& stage) {
    EXPECT_TRUE(stage.compute("a"));
    EXPECT_TRUE(stage.compute("b"));
    stage.trouble_begins();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(stage.compute("a").error().code, Errc::unavailable);
    EXPECT_EQ(stage.compute("b").error().code, Errc::breaker_open);
    stage.jump_wall(1h);
    EXPECT_EQ(stage.compute("b").error().code, Errc::breaker_open);
    stage.retire("a");
    EXPECT_EQ(stage.compute("a").error().code, Errc::breaker_open);
    stage.pass(5min);
    // The probe runs off this caller's turn, which is still refused.
    EXPECT_EQ(stage.compute("b").error().code, Errc::breaker_open);
    stage.pass(1min);
    EXPECT_TRUE(stage.compute("b"));
  });
}

TEST_F(BreakerHardened, answers_no_call_of_a_device_that_was_quarantined_until_it_is_replaced) {
  survives(R"({"on": {"call": "launch_kernel"}, )" + later +
               R"(, "times": 3, "effect": {"kind": "illegal_address"}})",
           [](Stage& stage) {
             EXPECT_TRUE(stage.compute("a"));
             stage.trouble_begins();
             for (int i = 0; i < 4; ++i) EXPECT_FALSE(stage.compute("a"));
           });
}

TEST_F(BreakerHardened, stays_closed_for_a_callers_bugs) {
  survives("", [](Stage& stage) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(stage.misuse("a"), Errc::caller_bug);
    EXPECT_TRUE(stage.compute("a"));
  });
}

}  // namespace
}  // namespace thresher::scenarios::hardened
