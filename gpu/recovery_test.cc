// Recovery: levels by class, escalation, joining, quarantine, and that an incident always ends.
#include "thresher/gpu/recovery.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

using runtime::make_error;

class RecoveryTest : public LayerTest {
 protected:
  template <typename Body>
  void with_accelerator(Body body) {
    run([&](Layer& layer) {
      const auto accelerator = layer.create();
      body(layer, *accelerator);
      static_cast<void>(accelerator->dispose(layer.within(20s)).has_value());
    });
  }
};

TEST(SufficientLevel, is_the_least_that_helps) {
  EXPECT_EQ(sufficient_level(Errc::timeout), ResetType::soft);
  EXPECT_EQ(sufficient_level(Errc::context_lost), ResetType::hard);
  EXPECT_EQ(sufficient_level(Errc::process_lost), ResetType::full);
  EXPECT_EQ(sufficient_level(Errc::capacity), std::nullopt);
  EXPECT_EQ(sufficient_level(Errc::caller_bug), std::nullopt);
}

TEST_F(RecoveryTest, resets_nothing_for_capacity_or_a_callers_bug) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    for (const Errc code : {Errc::capacity, Errc::caller_bug, Errc::cancelled}) {
      const auto result = accelerator.recover(make_error(code)).value();
      EXPECT_EQ(result.outcome, RecoveryOutcome::not_needed);
    }
    EXPECT_TRUE(layer.faults.resets.empty());
  });
}

TEST_F(RecoveryTest, ends_a_stuck_kernel_softly) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    const auto touched = layer.stick(accelerator);
    const auto result = accelerator.recover(make_error(Errc::timeout)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::healthy);
    EXPECT_EQ(result.level, ResetType::soft);
    EXPECT_TRUE(layer.computes(accelerator).value());
    layer.free(accelerator);
  });
}

TEST_F(RecoveryTest, escalates_when_a_reset_fails_or_the_canary_is_wrong) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    layer.faults.reset = {LayerFault::no_success, LayerFault::false_success, LayerFault::none};
    layer.faults.canary = {LayerFault::no_success};
    const auto result = accelerator.recover(make_error(Errc::timeout)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::healthy);
    EXPECT_EQ(layer.faults.resets,
              (std::vector{ResetType::soft, ResetType::context, ResetType::hard}));
  });
}

TEST_F(RecoveryTest, starts_at_the_level_that_the_context_needs) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    const auto touched = layer.fault(accelerator, DriverResult::illegal_address);
    EXPECT_FALSE(accelerator.synchronize().has_value());
    const auto result = accelerator.recover(make_error(Errc::timeout)).value();
    EXPECT_EQ(layer.faults.resets, std::vector{ResetType::full});
    EXPECT_EQ(result.resets, 1u);
  });
}

TEST_F(RecoveryTest, quarantines_a_device_that_keeps_failing_in_bounded_time) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    layer.faults.reset.assign(20, LayerFault::hang);
    const auto start = layer.services.scheduler.now();
    const auto result = accelerator.recover(make_error(Errc::timeout)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::quarantined);
    EXPECT_EQ(result.resets, 5u);
    EXPECT_LE(layer.services.scheduler.now() - start, 3min);
    EXPECT_EQ(accelerator.usable().error().code, Errc::quarantined);
    EXPECT_FALSE(layer.factory->usable({}));
  });
}

TEST_F(RecoveryTest, quarantines_a_lost_device_without_trying) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    const auto result = accelerator.recover(make_error(Errc::device_lost)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::quarantined);
    EXPECT_TRUE(layer.faults.resets.empty());
  });
}

TEST_F(RecoveryTest, a_readmitted_device_starts_anew) {
  run([](Layer& layer) {
    const auto lost = layer.create();
    lost->quarantine_device();
    lost->dispose().value();
    layer.factory->readmit({});
    const auto fresh = layer.create();
    EXPECT_TRUE(layer.computes(*fresh).value());
    EXPECT_EQ(layer.host.starts, 2u);
    fresh->dispose().value();
  });
}

TEST_F(RecoveryTest, who_reports_while_an_incident_is_open_gets_its_result) {
  run([](Layer& layer) {
    const auto one = layer.create();
    const auto two = layer.create();
    const auto touched = layer.fault(*one, DriverResult::illegal_address);
    EXPECT_FALSE(one->synchronize().has_value());
    int healthy = 0;
    int joined = 0;
    for (const auto& each : {one, two, one}) {
      layer.services.scheduler.spawn({.name = "reporter"}, [&, each] {
        const auto result = each->recover(make_error(Errc::process_lost)).value();
        healthy += result.outcome == RecoveryOutcome::healthy ? 1 : 0;
        joined += result.joined ? 1 : 0;
      });
    }
    layer.pause(30s);
    EXPECT_EQ(healthy, 3);
    EXPECT_EQ(joined, 2);
    EXPECT_EQ(layer.host.kills, 1u);
    one->dispose().value();
    two->dispose().value();
  });
}

TEST_F(RecoveryTest, an_incident_goes_up_to_what_a_joiner_needs) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    layer.faults.reset = {LayerFault::hang};
    layer.services.scheduler.spawn({.name = "first"}, [&] {
      EXPECT_TRUE(accelerator.recover(make_error(Errc::timeout)).has_value());
    });
    layer.pause(1ms);
    const auto result =
        accelerator.recover(make_error(Errc::timeout), {}, ResetType::hard).value();
    EXPECT_TRUE(result.joined);
    EXPECT_EQ(layer.faults.resets, (std::vector{ResetType::soft, ResetType::hard}));
  });
}

TEST_F(RecoveryTest, a_report_against_an_epoch_that_ended_resets_nothing) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    const Stamp old = accelerator.stamp();
    EXPECT_TRUE(accelerator.reset(ResetOptions::Hard).value().success);
    layer.faults.resets.clear();
    const auto result = accelerator
                            .recover_from({.error = make_error(Errc::process_lost),
                                           .stamp = old,
                                           .at_least = ResetType::soft})
                            .value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::healthy);
    EXPECT_TRUE(result.joined);
    EXPECT_TRUE(layer.faults.resets.empty());
  });
}

TEST_F(RecoveryTest, an_incident_about_one_context_does_not_answer_for_another) {
  run([](Layer& layer) {
    const auto one = layer.create();
    const auto two = layer.create();
    const auto touched = layer.fault(*two, DriverResult::assert);
    EXPECT_EQ(two->synchronize().error().code, Errc::context_lost);
    layer.faults.reset = {LayerFault::hang};
    layer.services.scheduler.spawn({.name = "first"}, [&] {
      EXPECT_TRUE(one->recover(make_error(Errc::timeout)).has_value());
    });
    layer.pause(1s);
    const auto result = two->recover(make_error(Errc::context_lost)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::healthy);
    EXPECT_TRUE(layer.computes(*two).value());
    one->dispose().value();
    two->dispose().value();
  });
}

TEST_F(RecoveryTest, goes_on_when_the_reporter_gives_up) {
  with_accelerator([](Layer& layer, Accelerator& accelerator) {
    layer.faults.reset = {LayerFault::hang};
    EXPECT_EQ(accelerator.recover(make_error(Errc::timeout), layer.within(1s)).error().code,
              Errc::timeout);
    layer.pause(30s);
    EXPECT_GE(layer.faults.resets.size(), 2u);
    EXPECT_TRUE(layer.computes(accelerator).value());
  });
}

TEST_F(RecoveryTest, fails_closed_when_full_needs_isolation) {
  run([](Layer& layer) {
    layer.host.is_isolated = false;
    const auto accelerator = layer.create();
    const auto result = accelerator->recover(make_error(Errc::process_lost)).value();
    EXPECT_EQ(result.outcome, RecoveryOutcome::quarantined);
    accelerator->dispose().value();
  });
}

}  // namespace
}  // namespace thresher::gpu
