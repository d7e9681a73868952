// Accelerator, buffers and kernels over the simulated device.
#include "thresher/gpu/accelerator.h"

#include "thresher/gpu/layer_test.h"

namespace thresher::gpu {
namespace {

using AcceleratorTest = LayerTest;

TEST_F(AcceleratorTest, computes_on_the_device) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, tells_the_device_and_its_memory) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const DeviceInfo info = accelerator->info().value();
    EXPECT_EQ(info.device_name, "Simulated GPU");
    EXPECT_EQ(info.total_memory, 96u << 20);
    EXPECT_LT(info.available_memory, info.total_memory);
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, gives_zeroed_memory_also_when_it_was_used_before) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    auto first = accelerator->allocate<std::uint32_t>(8).value();
    const std::vector<std::uint32_t> secret(8, 0xdeadbeef);
    first.copy_from(secret).value();
    first.dispose().value();
    auto second = accelerator->allocate<std::uint32_t>(8).value();
    std::vector<std::uint32_t> seen(8, 1);
    second.copy_to(seen).value();
    EXPECT_EQ(seen, std::vector<std::uint32_t>(8, 0));
    EXPECT_EQ(accelerator->memory().hits, 1u);
    second.dispose().value();
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, frees_a_dropped_buffer_at_its_next_call) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    { const auto dropped = accelerator->allocate<std::uint32_t>(8).value(); }
    EXPECT_EQ(accelerator->memory().blocks_in_use, 1u);
    EXPECT_TRUE(accelerator->synchronize().has_value());
    EXPECT_EQ(accelerator->memory().blocks_in_use, 0u);
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, refuses_a_buffer_of_another_accelerator) {
  run([](Layer& layer) {
    const auto one = layer.create();
    const auto two = layer.create();
    const Kernel kernel = one->load(scale_kernel).value();
    const auto buffer = two->allocate<std::uint32_t>(100).value();
    const auto launched =
        one->launch(kernel, LaunchShape::linear(100), arguments(buffer, 3u, 100u));
    EXPECT_EQ(launched.error().code, Errc::stale_handle);
    EXPECT_EQ(two->launch(kernel, LaunchShape::linear(1), arguments(buffer, 3u, 1u)).error().code,
              Errc::stale_handle);
    one->dispose().value();
    two->dispose().value();
  });
}

TEST_F(AcceleratorTest, answers_closed_after_dispose) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    accelerator->dispose().value();
    EXPECT_EQ(accelerator->allocate<int>(1).error().code, Errc::closed);
    EXPECT_EQ(accelerator->reset(ResetOptions::Soft).error().code, Errc::closed);
    EXPECT_TRUE(accelerator->dispose().has_value());
  });
}

TEST_F(AcceleratorTest, refuses_calls_with_a_revoked_authority) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    AuthoritySource source;
    const CallOptions call{.token = {}, .deadline = runtime::no_deadline,
                           .authority = source.authority()};
    EXPECT_TRUE(accelerator->allocate<int>(1, call).has_value());
    source.revoke();
    EXPECT_EQ(accelerator->allocate<int>(1, call).error().code, Errc::refused);
    EXPECT_EQ(accelerator->reset(ResetOptions::Full, call).error().code, Errc::refused);
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, compiles_a_source_once_for_all_accelerators) {
  run([](Layer& layer) {
    const auto one = layer.create();
    const auto two = layer.create();
    static_cast<void>(one->load(scale_kernel).value());
    static_cast<void>(two->load(scale_kernel).value());
    EXPECT_EQ(layer.compiler.compiles, 1u);
    EXPECT_EQ(layer.factory->compiled_count(), 1u);
    one->dispose().value();
    two->dispose().value();
    EXPECT_EQ(layer.factory->compiled_count(), 0u);
  });
}

TEST_F(AcceleratorTest, ends_a_wait_for_a_stuck_kernel_at_its_deadline) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    const auto start = layer.services.scheduler.now();
    EXPECT_EQ(accelerator->synchronize(layer.within(1s)).error().code, Errc::timeout);
    EXPECT_EQ(layer.services.scheduler.now() - start, 1s);
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, ends_a_wait_when_its_token_is_cancelled) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.stick(*accelerator);
    runtime::CancellationSource source{layer.services.scheduler};
    source.cancel_at(layer.in(1s));
    EXPECT_EQ(accelerator->synchronize({.token = source.token()}).error().code, Errc::cancelled);
    layer.free(*accelerator);
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, reports_a_fault_of_earlier_work_at_the_next_wait_and_at_every_call_after) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const auto touched = layer.fault(*accelerator, DriverResult::illegal_address);
    const auto waited = accelerator->synchronize();
    EXPECT_EQ(waited.error().code, Errc::process_lost);
    EXPECT_EQ(waited.error().driver_code, 700);
    EXPECT_EQ(accelerator->allocate<int>(1).error().code, Errc::process_lost);
    EXPECT_EQ(accelerator->required_level(), ResetType::full);
    accelerator->dispose(layer.within(1s)).value();
  });
}

TEST_F(AcceleratorTest, keeps_at_most_the_bound_of_operations_in_flight) {
  options.accelerator.stream_operations_max = 8;
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    const Kernel kernel = accelerator->load(scale_kernel).value();
    const auto buffer = accelerator->allocate<std::uint32_t>(100).value();
    for (int i = 0; i < 100; ++i) {
      accelerator->launch(kernel, LaunchShape::linear(100), arguments(buffer, 1u, 100u)).value();
    }
    EXPECT_TRUE(accelerator->synchronize().has_value());
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, answers_capacity_when_the_device_is_full) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    EXPECT_EQ(accelerator->allocate<std::byte>(100ull << 20).error().code, Errc::capacity);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, trims_the_cache_before_it_answers_capacity) {
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    accelerator->allocate<std::byte>(50ull << 20).value().dispose().value();
    auto large = accelerator->allocate<std::byte>(60ull << 20);
    EXPECT_TRUE(large.has_value());
    large->dispose().value();
    accelerator->dispose().value();
  });
}

TEST_F(AcceleratorTest, cleans_up_behind_an_accelerator_that_was_dropped) {
  run([](Layer& layer) {
    layer.create().reset();
    EXPECT_EQ(layer.factory->accelerators_on({}), 1u);
    const auto next = layer.create();
    EXPECT_EQ(layer.factory->accelerators_on({}), 1u);
    next->dispose().value();
  });
}

TEST_F(AcceleratorTest, gives_up_a_blocking_call_that_does_not_return_and_then_needs_full) {
  options.accelerator.blocking_call_timeout = 3s;
  run([](Layer& layer) {
    const auto accelerator = layer.create();
    accelerator->allocate<std::byte>(4096).value().dispose().value();
    const auto touched = layer.stick(*accelerator);
    EXPECT_EQ(accelerator->trim_memory().error().code, Errc::timeout);
    EXPECT_EQ(accelerator->allocate<int>(1).error().code, Errc::process_lost);
    EXPECT_EQ(accelerator->required_level(), ResetType::full);
    EXPECT_FALSE(accelerator->reset(ResetOptions::Hard).value().success);
    layer.free(*accelerator);
    EXPECT_TRUE(layer.computes(*accelerator).value());
    accelerator->dispose().value();
  });
}

}  // namespace
}  // namespace thresher::gpu
