// AcceleratorPool: what is handed out, to whom, and that no slot is ever lost.
#include "thresher/gpu/accelerator_pool.h"

#include "thresher/gpu/layer_test.h"

#include <string>

namespace thresher::gpu {
namespace {

class PoolTest : public LayerTest {
 protected:
  /// Runs `body(layer, pool)` and closes the pool, which must end with nothing left.
  template <typename Body>
  void with_pool(PoolOptions pool_options, Body body) {
    run([&](Layer& layer) {
      AcceleratorPool pool{*layer.factory, pool_options};
      body(layer, pool);
      EXPECT_TRUE(pool.close(layer.within(120s)).has_value());
      for (std::uint32_t i = 0; i < devices; ++i) {
        EXPECT_EQ(layer.factory->accelerators_on({i}), 0u);
      }
    });
  }
  static PoolOptions of(std::uint32_t size) {
    PoolOptions result;
    result.size = size;
    return result;
  }
};

TEST_F(PoolTest, has_the_guides_size_by_default) { EXPECT_EQ(PoolOptions{}.size, 4u); }

TEST_F(PoolTest, hands_out_accelerators_whose_canary_passed) {
  with_pool(of(2), [](Layer& layer, AcceleratorPool& pool) {
    const Lease lease = pool.acquire().value();
    EXPECT_EQ(layer.faults.canaries, 1);
    EXPECT_TRUE(layer.computes(*lease).value());
  });
}

TEST_F(PoolTest, uses_an_accelerator_again_after_a_context_reset_and_a_canary) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    AcceleratorId first;
    {
      const Lease lease = pool.acquire().value();
      first = lease->id();
    }
    const Lease lease = pool.acquire().value();
    EXPECT_EQ(lease->id(), first);
    EXPECT_EQ(layer.faults.resets, std::vector{ResetType::context});
    EXPECT_EQ(layer.faults.canaries, 2);
  });
}

TEST_F(PoolTest, never_has_more_accelerators_than_slots_and_serves_in_order) {
  with_pool(of(2), [](Layer& layer, AcceleratorPool& pool) {
    std::string order;
    int left = 4;
    for (const char letter : {'a', 'b', 'c', 'd'}) {
      layer.services.scheduler.spawn({.name = "tenant"}, [&, letter] {
        const Lease lease = pool.acquire().value();
        EXPECT_LE(layer.factory->accelerators_on({}), 2u);
        order += letter;
        layer.pause(1s);
        --left;
      });
      layer.pause(1ms);
    }
    layer.pause(20s);
    EXPECT_EQ(left, 0);
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(pool.statistics().granted, 4u);
  });
}

TEST_F(PoolTest, gives_the_slot_to_the_next_waiter_when_the_first_is_cancelled) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    auto held = std::make_unique<Lease>(pool.acquire().value());
    runtime::CancellationSource source{layer.services.scheduler};
    bool cancelled = false;
    bool served = false;
    layer.services.scheduler.spawn({.name = "first"}, [&] {
      cancelled = pool.acquire({.token = source.token()}).error().code == Errc::cancelled;
    });
    layer.pause(1ms);
    layer.services.scheduler.spawn({.name = "second"},
                                   [&] { served = pool.acquire().has_value(); });
    layer.pause(1ms);
    source.cancel();
    held.reset();
    layer.pause(10s);
    EXPECT_TRUE(cancelled);
    EXPECT_TRUE(served);
  });
}

TEST_F(PoolTest, ends_an_acquire_at_its_deadline_and_keeps_the_slot) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    auto held = std::make_unique<Lease>(pool.acquire().value());
    EXPECT_EQ(pool.acquire(layer.within(1s)).error().code, Errc::timeout);
    held.reset();
    EXPECT_TRUE(pool.acquire().has_value());
  });
}

// The waiter's worker is busy when its deadline passes: its wait has ended, and it is in the queue.
TEST_F(PoolTest, passes_over_a_waiter_whose_wait_ended_and_who_has_not_run_yet) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    auto held = std::make_unique<Lease>(pool.acquire().value());
    runtime::Scheduler& scheduler = layer.services.scheduler;
    Errc seen = Errc::closed;
    scheduler.spawn({.worker = {1}, .name = "waiter"}, [&] {
      seen = pool.acquire(layer.within(std::chrono::microseconds{1500})).error().code;
    });
    layer.pause(1ms);
    scheduler.spawn({.worker = {1}, .name = "busy"}, [&] { scheduler.spend(20s); });
    layer.pause(1ms);
    held.reset();
    layer.pause(10s);
    EXPECT_EQ(pool.statistics().idle, 1u);
    layer.pause(20s);
    EXPECT_EQ(seen, Errc::timeout);
  });
}

TEST_F(PoolTest, bounds_its_waiters) {
  PoolOptions pool_options = of(1);
  pool_options.waiters_max = 1;
  with_pool(pool_options, [](Layer& layer, AcceleratorPool& pool) {
    const Lease held = pool.acquire().value();
    layer.services.scheduler.spawn({.name = "waiter"}, [&] {
      EXPECT_EQ(pool.acquire(layer.within(1s)).error().code, Errc::timeout);
    });
    layer.pause(1ms);
    EXPECT_EQ(pool.acquire().error().code, Errc::overloaded);
    layer.pause(2s);
  });
}

TEST_F(PoolTest, keeps_its_slot_when_creation_fails) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    layer.host.start_error = Errc::unavailable;
    EXPECT_EQ(pool.acquire().error().code, Errc::unavailable);
    EXPECT_EQ(pool.acquire().error().code, Errc::unavailable);
    layer.host.start_error.reset();
    EXPECT_TRUE(pool.acquire().has_value());
  });
}

TEST_F(PoolTest, keeps_its_slot_and_its_limit_when_the_reset_on_return_fails) {
  for (const LayerFault fault : {LayerFault::no_success, LayerFault::error, LayerFault::hang}) {
    with_pool(of(1), [&](Layer& layer, AcceleratorPool& pool) {
      { const Lease lease = pool.acquire().value(); }
      layer.faults.reset = {fault};
      { const Lease lease = pool.acquire().value(); }
      const Lease lease = pool.acquire().value();
      EXPECT_EQ(layer.factory->accelerators_on({}), 1u);
      EXPECT_TRUE(layer.computes(*lease).value());
    });
  }
}

TEST_F(PoolTest, never_hands_out_what_a_false_reset_left_sick) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    {
      const Lease lease = pool.acquire().value();
      const auto touched = layer.fault(*lease, DriverResult::illegal_address);
      EXPECT_FALSE(lease->synchronize().has_value());
      layer.faults.reset = {LayerFault::false_success};
    }
    const Lease lease = pool.acquire().value();
    EXPECT_TRUE(layer.computes(*lease).value());
    EXPECT_GE(layer.host.starts, 2u);
  });
}

TEST_F(PoolTest, hands_nothing_out_after_a_canary_that_failed) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    layer.faults.canary = {LayerFault::no_success};
    const Lease lease = pool.acquire().value();
    EXPECT_EQ(layer.faults.resets, std::vector{ResetType::context});
    EXPECT_GE(layer.faults.canaries, 2);
  });
}

TEST_F(PoolTest, does_not_put_back_what_a_reset_without_success_left) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    { const Lease lease = pool.acquire().value(); }
    layer.faults.reset = {LayerFault::no_success};
    const Lease lease = pool.acquire().value();
    EXPECT_EQ(layer.faults.resets, (std::vector{ResetType::context, ResetType::context}));
  });
}

TEST_F(PoolTest, loses_no_slot_when_an_acquire_ends_at_the_instant_it_would_be_served) {
  runtime::Duration until_served{};
  with_pool(of(1), [&](Layer& layer, AcceleratorPool& pool) {
    const runtime::TimePoint start = layer.in(0s);
    EXPECT_TRUE(pool.acquire().has_value());
    until_served = layer.in(0s) - start;
  });
  int timed_out = 0;
  for (seed = 1; seed <= 32; ++seed) {
    with_pool(of(1), [&](Layer& layer, AcceleratorPool& pool) {
      // While the worker is busy, the deadline and the last completion both come; their fibers run
      // in either order.
      layer.services.scheduler.spawn({.name = "busy"}, [&] {
        layer.pause(until_served - runtime::Duration{1});
        layer.services.scheduler.spend(runtime::Duration{2});
      });
      timed_out += pool.acquire(layer.within(until_served)).has_value() ? 0 : 1;
      EXPECT_TRUE(pool.acquire(layer.within(60s)).has_value());
    });
  }
  EXPECT_GT(timed_out, 0);
}

TEST_F(PoolTest, tends_again_what_another_slots_full_reset_took) {
  with_pool(of(2), [](Layer& layer, AcceleratorPool& pool) {
    auto one = std::make_unique<Lease>(pool.acquire().value());
    const Lease two = pool.acquire().value();
    one.reset();
    layer.pause(5s);
    EXPECT_EQ(pool.statistics().idle, 1u);
    layer.free(*two);
    const Lease three = pool.acquire().value();
    EXPECT_TRUE(layer.computes(*three).value());
    EXPECT_GE(layer.faults.canaries, 4);
  });
}

TEST_F(PoolTest, replaces_a_member_whose_device_was_quarantined) {
  devices = 2;
  with_pool(of(1), [](Layer&, AcceleratorPool& pool) {
    DeviceOrdinal lost;
    {
      const Lease lease = pool.acquire().value();
      lost = lease->device();
      lease->quarantine_device();
    }
    const Lease lease = pool.acquire().value();
    EXPECT_NE(lease->device(), lost);
    EXPECT_EQ(pool.statistics().replaced, 1u);
  });
}

TEST_F(PoolTest, answers_quarantined_when_no_device_is_left) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    {
      const Lease lease = pool.acquire().value();
      lease->quarantine_device();
    }
    EXPECT_EQ(pool.acquire(layer.within(10s)).error().code, Errc::quarantined);
  });
}

TEST_F(PoolTest, makes_an_accelerator_with_a_stuck_kernel_fit_again) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    {
      const Lease lease = pool.acquire().value();
      const auto touched = layer.stick(*lease);
    }
    const Lease lease = pool.acquire(layer.within(30s)).value();
    EXPECT_TRUE(layer.computes(*lease).value());
    layer.free(*lease);
  });
}

TEST_F(PoolTest, spreads_over_its_devices) {
  devices = 3;
  PoolOptions pool_options = of(2);
  pool_options.devices = {{1}, {2}};
  with_pool(pool_options, [](Layer&, AcceleratorPool& pool) {
    const Lease one = pool.acquire().value();
    const Lease two = pool.acquire().value();
    EXPECT_EQ(one->device(), DeviceOrdinal{1});
    EXPECT_EQ(two->device(), DeviceOrdinal{2});
  });
}

TEST_F(PoolTest, refuses_what_a_returned_lease_still_asks) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    Lease lease = pool.acquire().value();
    const CallOptions call = lease.call();
    auto buffer = lease->allocate<int>(8, call).value();
    lease.release();
    EXPECT_FALSE(lease.valid());
    EXPECT_EQ(lease.use().error().code, Errc::refused);
    const std::vector<int> data(8);
    EXPECT_EQ(buffer.copy_from(data, call).error().code, Errc::refused);
    layer.pause(5s);
    EXPECT_EQ(buffer.copy_from(data).error().code, Errc::stale_handle);
  });
}

TEST_F(PoolTest, takes_an_idle_lease_back_and_spares_one_in_use) {
  PoolOptions pool_options = of(2);
  pool_options.lease_idle_timeout = 10s;
  with_pool(pool_options, [](Layer& layer, AcceleratorPool& pool) {
    const Lease idle = pool.acquire().value();
    const Lease busy = pool.acquire().value();
    const auto use = busy.use().value();
    layer.pause(15s);
    EXPECT_FALSE(idle.valid());
    EXPECT_TRUE(busy.valid());
    EXPECT_EQ(pool.statistics().expired, 1u);
    EXPECT_TRUE(layer.computes(*use).value());
  });
}

TEST_F(PoolTest, serves_a_waiter_with_an_idle_lease_that_expires) {
  PoolOptions pool_options = of(1);
  pool_options.lease_idle_timeout = 10s;
  with_pool(pool_options, [](Layer&, AcceleratorPool& pool) {
    const Lease idle = pool.acquire().value();
    EXPECT_TRUE(pool.acquire().has_value());
  });
}

TEST_F(PoolTest, try_acquire_does_not_wait_for_returns) {
  with_pool(of(1), [](Layer&, AcceleratorPool& pool) {
    const Lease held = pool.try_acquire().value();
    EXPECT_EQ(pool.try_acquire().error().code, Errc::capacity);
  });
}

TEST_F(PoolTest, close_ends_waiters_and_waits_for_leases) {
  with_pool(of(1), [](Layer& layer, AcceleratorPool& pool) {
    auto held = std::make_unique<Lease>(pool.acquire().value());
    Errc seen = Errc::timeout;
    layer.services.scheduler.spawn({.name = "waiter"},
                                   [&] { seen = pool.acquire().error().code; });
    layer.pause(1ms);
    EXPECT_EQ(pool.close(layer.within(1s)).error().code, Errc::timeout);
    EXPECT_EQ(seen, Errc::closed);
    EXPECT_EQ(pool.acquire().error().code, Errc::closed);
    held.reset();
  });
}

TEST_F(PoolTest, shrinks_when_leases_come_back_and_grows_for_waiters) {
  with_pool(of(2), [](Layer& layer, AcceleratorPool& pool) {
    auto one = std::make_unique<Lease>(pool.acquire().value());
    auto two = std::make_unique<Lease>(pool.acquire().value());
    pool.resize(1);
    one.reset();
    layer.pause(5s);
    EXPECT_EQ(pool.statistics().accelerators(), 1u);
    EXPECT_EQ(pool.acquire(layer.within(1s)).error().code, Errc::timeout);
    pool.resize(2);
    EXPECT_TRUE(pool.acquire().has_value());
  });
}

TEST_F(PoolTest, serves_those_who_wait_when_it_shrinks_while_it_makes_its_members) {
  devices = 2;  // So that both are made at the same time.
  with_pool(of(2), [](Layer& layer, AcceleratorPool& pool) {
    int served = 0;
    for (int i = 0; i < 2; ++i) {
      layer.services.scheduler.spawn({.name = "tenant"},
                                     [&] { served += pool.acquire().has_value() ? 1 : 0; });
    }
    layer.pause(1ms);
    pool.resize(1);
    layer.pause(60s);
    EXPECT_EQ(served, 2);
  });
}

}  // namespace
}  // namespace thresher::gpu
