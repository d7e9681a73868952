// The four reset levels by their postconditions, their options, and what they announce.
#include "thresher/gpu/reset.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

using ResetTest = LayerTest;

ResetOptions forced(ResetOptions options) {
  options.force = true;
  return options;
}

TEST(ResetOptions, presets_hold_the_values_of_the_guide) {
  constexpr ResetOptions idle = ResetOptions::GrainDeactivation;
  static_assert(idle.reset_type == ResetType::context && idle.waits() && idle.timeout == 5s);
  static_assert(idle.clear_kernel_cache && !idle.clear_memory_pool && idle.reinitialize);
  constexpr ResetOptions error = ResetOptions::ErrorRecovery;
  static_assert(error.reset_type == ResetType::hard && error.force && error.timeout == 10s);
  static_assert(error.wait_for_completion && !error.waits());
  constexpr ResetOptions end = ResetOptions::CompleteCleanup;
  static_assert(end.reset_type == ResetType::full && end.waits() && end.timeout == 30s);
  static_assert(!end.reinitialize && end.clear_memory_pool && end.clear_kernel_cache);
  static_assert(ResetOptions::Hard.reinitialize && ResetOptions::Hard.timeout == 60s);
}

TEST_F(ResetTest, soft_waits_for_work_and_leaves_everything_else) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const Kernel kernel = accelerator->load(scale_kernel).value();
    auto buffer = accelerator->allocate<std::uint32_t>(100).value();
    accelerator->launch(kernel, LaunchShape::linear(100), arguments(buffer, 2u, 100u)).value();
    const ResetResult result = accelerator->reset(ResetOptions::Soft).value();
    EXPECT_TRUE(result.success) << result.message();
    EXPECT_EQ(result.epoch_after, result.epoch_before);
    EXPECT_EQ(result.pending_operations_cleared, 0u);
    EXPECT_TRUE(accelerator->execute(kernel, LaunchShape::linear(100),
                                     arguments(buffer, 2u, 100u)).has_value());
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, soft_that_waits_for_a_stuck_kernel_fails_by_its_timeout_and_changes_nothing) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    ResetOptions how = ResetOptions::Soft;
    how.timeout = 3s;
    const auto start = layer.services.scheduler.now();
    const ResetResult result = accelerator->reset(how).value();
    EXPECT_FALSE(result.success);
    EXPECT_EQ(result.error->code, Errc::timeout);
    EXPECT_EQ(layer.services.scheduler.now() - start, 3s);
    EXPECT_TRUE(accelerator->allocate<int>(1).has_value());
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, forced_soft_replaces_a_stuck_stream_and_quarantines_what_it_may_touch) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    auto touched = layer.stick(*accelerator);
    auto innocent = accelerator->allocate<std::uint32_t>(5000).value();
    const ResetResult result = accelerator->reset(forced(ResetOptions::Soft)).value();
    EXPECT_TRUE(result.success) << result.message();
    EXPECT_GE(result.pending_operations_cleared, 1u);
    EXPECT_GT(result.quarantined_bytes, 0u);
    std::vector<std::uint32_t> data(100);
    EXPECT_EQ(touched.copy_to(data).error().code, Errc::stale_handle);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    layer.free(*accelerator);
    EXPECT_EQ(accelerator->quarantined_bytes(), 0u);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, force_overrides_wait_for_completion) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    ResetOptions how = ResetOptions::Soft;
    how.wait_for_completion = true;
    how.force = true;
    const auto start = layer.services.scheduler.now();
    EXPECT_TRUE(accelerator->reset(how).value().success);
    EXPECT_LT(layer.services.scheduler.now() - start, 1s);
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, a_wait_on_an_abandoned_stream_ends) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    runtime::Promise<Errc> seen{layer.services.scheduler};
    auto ended = seen.future();
    layer.services.scheduler.spawn({.name = "waiter"}, [&] {
      seen.set(accelerator->synchronize(layer.within(60s)).error().code);
    });
    layer.pause(1s);
    EXPECT_TRUE(accelerator->reset(forced(ResetOptions::Soft)).value().success);
    EXPECT_EQ(ended.get().value(), Errc::unavailable);
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, context_takes_buffers_and_kernels_back_and_keeps_the_epoch) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const Kernel kernel = accelerator->load(scale_kernel).value();
    auto buffer = accelerator->allocate<std::uint32_t>(100).value();
    const ResetResult result = accelerator->reset(ResetOptions::Context).value();
    EXPECT_TRUE(result.success) << result.message();
    EXPECT_EQ(result.kernels_dropped, 1u);
    EXPECT_EQ(result.epoch_after, result.epoch_before);
    std::vector<std::uint32_t> data(100);
    EXPECT_EQ(buffer.copy_to(data).error().code, Errc::stale_handle);
    EXPECT_EQ(accelerator->execute(kernel, LaunchShape::linear(1), {}).error().code,
              Errc::stale_handle);
    EXPECT_EQ(accelerator->memory().blocks_in_use, 0u);
    EXPECT_GT(accelerator->memory().cached_bytes, 0u);
    EXPECT_EQ(layer.factory->compiled_count(), 0u);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, context_with_clear_memory_pool_gives_the_cache_back) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    auto buffer = accelerator->allocate<std::byte>(1 << 20).value();
    ResetOptions how = ResetOptions::Context;
    how.clear_memory_pool = true;
    const ResetResult result = accelerator->reset(how).value();
    EXPECT_GE(result.memory_freed_bytes, 1u << 20);
    EXPECT_EQ(accelerator->memory().allocated_bytes, 0u);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, hard_makes_the_context_again_with_the_next_epoch_and_compiles_nothing) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const Kernel kernel = accelerator->load(scale_kernel).value();
    auto buffer = accelerator->allocate<std::uint32_t>(100).value();
    ResetOptions how = ResetOptions::Hard;
    how.clear_kernel_cache = false;
    const ResetResult result = accelerator->reset(how).value();
    EXPECT_TRUE(result.success) << result.message();
    EXPECT_EQ(result.epoch_after, result.epoch_before + 1);
    EXPECT_TRUE(result.was_reinitialized);
    EXPECT_GT(result.memory_freed_bytes, 0u);
    EXPECT_EQ(accelerator->execute(kernel, LaunchShape::linear(1), {}).error().code,
              Errc::stale_handle);
    EXPECT_TRUE(buffer.dispose().has_value());
    EXPECT_TRUE(layer.computes(*accelerator).value());
    EXPECT_EQ(layer.compiler.compiles, 1u);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, hard_recovers_a_context_scoped_error) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.fault(*accelerator, DriverResult::assert);
    EXPECT_EQ(accelerator->synchronize().error().code, Errc::context_lost);
    EXPECT_FALSE(accelerator->reset(ResetOptions::Context).value().success);
    EXPECT_TRUE(accelerator->reset(ResetOptions::Hard).value().success);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, hard_does_not_recover_a_process_scoped_error_and_full_does) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.fault(*accelerator, DriverResult::illegal_address);
    EXPECT_FALSE(accelerator->synchronize().has_value());
    EXPECT_FALSE(accelerator->reset(ResetOptions::Hard).value().success);
    EXPECT_TRUE(accelerator->reset(ResetOptions::Full).value().success);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, hard_holds_its_timeout_when_destroying_the_context_hangs) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    const auto start = layer.services.scheduler.now();
    const ResetResult result = accelerator->reset(ResetOptions::ErrorRecovery).value();
    EXPECT_FALSE(result.success);
    EXPECT_LE(layer.services.scheduler.now() - start, 10s);
    EXPECT_EQ(accelerator->required_level(), ResetType::full);
    layer.free(*accelerator);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, full_replaces_the_process_and_announces_what_it_took_from_others) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto neighbour = layer.create();
    auto theirs = neighbour->allocate<std::uint32_t>(100).value();
    const ResetResult result = accelerator->reset(forced(ResetOptions::Full)).value();
    ASSERT_TRUE(result.success) << result.message();
    ASSERT_EQ(result.invalidated.size(), 1u);
    EXPECT_EQ(result.invalidated[0].accelerator, neighbour->id());
    EXPECT_EQ(result.invalidated[0].epoch_after, neighbour->epoch());
    std::vector<std::uint32_t> data(100);
    EXPECT_EQ(theirs.copy_to(data).error().code, Errc::stale_handle);
    EXPECT_TRUE(layer.computes(*neighbour).value());
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
    neighbour->dispose().value();
  });
}

TEST_F(ResetTest, full_ends_calls_that_hang_in_the_process) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto neighbour = layer.create();
    auto cached = neighbour->allocate<std::byte>(4096).value();
    cached.dispose().value();
    const auto touched = layer.stick(*neighbour);
    runtime::Promise<Errc> seen{layer.services.scheduler};
    auto ended = seen.future();
    layer.services.scheduler.spawn({.name = "hangs"}, [&] {
      seen.set(neighbour->trim_memory().error().code);
    });
    layer.pause(1s);
    const auto start = layer.services.scheduler.now();
    EXPECT_TRUE(accelerator->reset(forced(ResetOptions::Full)).value().success);
    EXPECT_LT(layer.services.scheduler.now() - start, 2s);
    EXPECT_EQ(ended.get().value(), Errc::process_lost);
    EXPECT_TRUE(layer.computes(*neighbour).value());
    accelerator->dispose().value();
    neighbour->dispose().value();
  });
}

TEST_F(ResetTest, full_needs_isolation) {
  run([](Layer& layer) {
    layer.host.is_isolated = false;
    const auto accelerator = layer.create();
    EXPECT_EQ(accelerator->reset(ResetOptions::Full).error().code, Errc::needs_isolation);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, without_reinitialize_every_later_call_answers_uninitialised) {
  run([](Layer& layer) {
    for (const ResetType type :
         {ResetType::soft, ResetType::context, ResetType::hard, ResetType::full}) {
      const auto accelerator = layer.create();
      auto buffer = accelerator->allocate<int>(1).value();
      ResetOptions how{.reset_type = type};
      how.reinitialize = false;
      EXPECT_TRUE(accelerator->reset(how).value().success);
      EXPECT_EQ(accelerator->allocate<int>(1).error().code, Errc::uninitialised);
      EXPECT_EQ(accelerator->info().error().code, Errc::uninitialised);
      EXPECT_EQ(accelerator->reset(ResetOptions::Soft).error().code, Errc::uninitialised);
      EXPECT_TRUE(buffer.dispose().has_value());
      EXPECT_TRUE(accelerator->dispose().has_value());
    }
    const auto next = layer.create();
    EXPECT_TRUE(layer.computes(*next).value());
    next->dispose().value();
  });
}

TEST_F(ResetTest, hard_in_a_shared_context_announces_its_neighbours_and_keeps_them_usable) {
  options.shared_context = true;
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto neighbour = layer.create();
    EXPECT_EQ(accelerator->stamp(), neighbour->stamp());
    ResetOptions how = ResetOptions::Hard;
    how.reinitialize = false;
    const ResetResult result = accelerator->reset(how).value();
    ASSERT_EQ(result.invalidated.size(), 1u);
    EXPECT_EQ(result.invalidated[0].accelerator, neighbour->id());
    EXPECT_TRUE(layer.computes(*neighbour).value());
    accelerator->dispose().value();
    neighbour->dispose().value();
  });
}

TEST_F(ResetTest, resets_of_one_context_are_serialised) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    int done = 0;
    for (int i = 0; i < 3; ++i) {
      layer.services.scheduler.spawn({.name = "resetter"}, [&] {
        EXPECT_TRUE(accelerator->reset(ResetOptions::Hard).value().success);
        ++done;
      });
    }
    layer.pause(10s);
    EXPECT_EQ(done, 3);
    EXPECT_EQ(accelerator->epoch(), 4u);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, a_reset_whose_authority_went_while_it_waited_is_refused) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    AuthoritySource source;
    layer.services.scheduler.spawn({.name = "first"}, [&] {
      EXPECT_TRUE(accelerator->reset(ResetOptions::Hard).value().success);
    });
    layer.pause(1ms);
    runtime::Promise<Errc> seen{layer.services.scheduler};
    auto ended = seen.future();
    layer.services.scheduler.spawn({.name = "late"}, [&] {
      const CallOptions call{.token = {}, .deadline = runtime::no_deadline,
                             .authority = source.authority()};
      seen.set(accelerator->reset(ResetOptions::Hard, call).error().code);
    });
    layer.pause(1ms);
    source.revoke();
    EXPECT_EQ(ended.get().value(), Errc::refused);
    EXPECT_EQ(accelerator->epoch(), 2u);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, a_call_whose_authority_went_while_it_waited_behind_a_reset_is_refused) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    layer.services.scheduler.spawn({.name = "reset"}, [&] {
      EXPECT_TRUE(accelerator->reset(ResetOptions::Hard).value().success);
    });
    layer.pause(1ms);
    AuthoritySource source;
    std::optional<Errc> seen;
    layer.services.scheduler.spawn({.name = "late"}, [&] {
      seen = accelerator->synchronize({.authority = source.authority()}).error().code;
    });
    layer.pause(1ms);
    EXPECT_FALSE(seen.has_value());
    source.revoke();
    layer.pause(10s);
    EXPECT_EQ(seen, Errc::refused);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, a_level_that_cannot_help_fails_without_being_tried) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.fault(*accelerator, DriverResult::illegal_address);
    EXPECT_FALSE(accelerator->synchronize().has_value());
    EXPECT_FALSE(accelerator->reset(ResetOptions::Soft).value().success);
    EXPECT_TRUE(layer.faults.resets.empty());
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(ResetTest, both_forms_of_a_failed_reset_say_so) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    layer.faults.reset = {LayerFault::no_success, LayerFault::error};
    EXPECT_EQ(accelerator->reset(ResetOptions::Soft).value().error->code, Errc::reset_failed);
    const auto refused = accelerator->reset(ResetOptions::Soft);
    ASSERT_FALSE(refused.has_value());
    EXPECT_TRUE(refused.error().injected);
    EXPECT_TRUE(accelerator->reset(ResetOptions::Soft).value().success);
    accelerator->dispose().value();
  });
}

}  // namespace
}  // namespace thresher::gpu
