// A kernel that never ends: which calls still answer and which block (table of stuck kernels in
// docs/fault-model.md, from NVIDIA's documentation and measurements of others).
#include "thresher/sim/device/driver_fixture.h"

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;

struct StuckKernel : DriverFixture {
  /// Counts calls that blocked a worker of the process.
  struct Watch : DriverWatch {
    void stale_handle(gpu::DriverCall) noexcept override { ++stale; }
    void blocks_worker(gpu::DriverCall) noexcept override { ++blocked; }
    int stale = 0;
    int blocked = 0;
  } watch;

  template <typename F>
  void run_stuck(F body, DriverOptions options = {}) {
    run(
        [&] {
          memory = words(16);
          launch_stuck();
          body();
        },
        options);
  }
  gpu::DevicePointer memory;
};

TEST_F(StuckKernel, is_seen_by_queries_alone) {
  run_stuck([&] {
    const auto event = driver->event_create(context).value();
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    pass(3600s);
    EXPECT_EQ(query(), R::not_ready);
    EXPECT_EQ(driver->event_query(context, event).code, R::not_ready);
  });
}

TEST_F(StuckKernel, never_notifies) {
  struct Sink : gpu::CompletionSink {
    int count = 0;
    void complete(std::uint64_t, gpu::Status) noexcept override { ++count; }
  } sink;
  run_stuck([&] {
    const auto event = driver->event_create(context).value();
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    EXPECT_TRUE(driver->notify(context, event, sink, 1).ok());
    pass(3600s);
    EXPECT_EQ(sink.count, 0);
  });
}

TEST_F(StuckKernel, blocks_synchronising) {
  run_stuck([&] {
    EXPECT_EQ(within_10_s([&] { return synchronize(); }), std::nullopt);
    EXPECT_EQ(within_10_s([&] { return driver->context_synchronize(context).code; }), std::nullopt);
  });
}

TEST_F(StuckKernel, blocks_freeing_device_and_host_memory) {
  run_stuck([&] {
    std::byte* const host = driver->host_allocate(context, 64).value();
    EXPECT_EQ(within_10_s([&] { return driver->memory_free(context, memory).code; }), std::nullopt);
    EXPECT_EQ(within_10_s([&] { return driver->host_free(context, host).code; }), std::nullopt);
  });
}

TEST_F(StuckKernel, blocks_unloading_a_module) {
  run_stuck([&] {
    EXPECT_EQ(within_10_s([&] { return driver->module_unload(context, module).code; }),
              std::nullopt);
  });
}

TEST_F(StuckKernel, lets_streams_and_events_be_destroyed_at_once) {
  run_stuck([&] {
    const auto event = driver->event_create(context).value();
    EXPECT_TRUE(driver->event_record(context, event, stream).ok());
    EXPECT_TRUE(driver->event_destroy(context, event).ok());
    EXPECT_TRUE(driver->stream_destroy(context, stream).ok());
  });
}

TEST_F(StuckKernel, leaves_other_streams_contexts_and_processes_working) {
  run_stuck([&] {
    stream = driver->stream_create(context).value();
    EXPECT_EQ(fill(memory, 16, 1), R::success);
    EXPECT_EQ(synchronize(), R::success);
    const auto other = start_process();
    const auto there = other->context_create(device_0).value();
    EXPECT_TRUE(other->context_synchronize(there).ok());
    EXPECT_TRUE(other->context_destroy(there).ok());
  });
}

TEST_F(StuckKernel, allocates_unless_the_driver_synchronises_first) {
  run_stuck([&] { EXPECT_TRUE(driver->memory_allocate(context, 4).has_value()); });
  DriverOptions options;
  options.allocate_waits = true;
  run_stuck(
      [&] {
        EXPECT_EQ(within_10_s([&] { return code(driver->memory_allocate(context, 4)); }),
                  std::nullopt);
      },
      options);
}

TEST_F(StuckKernel, blocks_destroying_its_context_by_default) {
  run_stuck([&] {
    EXPECT_EQ(within_10_s([&] { return driver->context_destroy(context).code; }), std::nullopt);
  });
}

TEST_F(StuckKernel, dies_with_its_context_where_destroying_kills) {
  DriverOptions options;
  options.destroy_policy = DestroyPolicy::kills;
  run_stuck([&] { EXPECT_TRUE(driver->context_destroy(context).ok()); }, options);
}

TEST_F(StuckKernel, dies_after_a_while_where_destroying_is_patient) {
  DriverOptions options;
  options.destroy_policy = DestroyPolicy::kills_after;
  options.destroy_patience = 2s;
  run_stuck(
      [&] {
        EXPECT_EQ(nanoseconds([&] { EXPECT_TRUE(driver->context_destroy(context).ok()); }),
                  2'050'000'000);
      },
      options);
}

TEST_F(StuckKernel, dies_with_its_process_and_gives_the_memory_back) {
  run_stuck([&] {
    driver->end_process();
    EXPECT_EQ(device().context_count(), 0u);
    EXPECT_EQ(device().memory().free_bytes(), device().memory().total_bytes());
  });
}

TEST_F(StuckKernel, wakes_a_blocked_call_when_its_process_dies) {
  run_stuck([&] {
    scheduler().spawn({.name = "killer"}, [&] {
      pass(1s);
      driver->end_process();
    });
    EXPECT_EQ(within_10_s([&] { return synchronize(); }), R::process_gone);
    EXPECT_EQ(query(), R::process_gone);
  });
}

TEST_F(StuckKernel, outlives_its_process_when_nothing_stops_it) {
  run([&] {
    launch_stuck(StuckUntil::never);
    driver->end_process();
    EXPECT_EQ(device().zombie_count(), 1u);
    EXPECT_LT(device().memory().free_bytes(), device().memory().total_bytes());
    device().repair(scheduler().now());
    EXPECT_EQ(device().memory().free_bytes(), device().memory().total_bytes());
  });
}

TEST_F(StuckKernel, is_a_deadlock_for_who_waits_without_a_deadline) {
  const RunResult result = run_freely([&] {
    launch_stuck();
    synchronize();
  });
  EXPECT_EQ(result.verdict, Verdict::liveness);
}

TEST_F(StuckKernel, tells_the_watch_when_it_blocks_a_worker) {
  DriverOptions options;
  options.watch = &watch;
  run_stuck([&] { static_cast<void>(within_10_s([&] { return synchronize(); })); }, options);
  EXPECT_EQ(watch.blocked, 0);
  run_freely(
      [&] {
        launch_stuck();
        synchronize();
      },
      options);
  EXPECT_GE(watch.blocked, 1);
}

TEST_F(StuckKernel, is_no_stale_handle_but_a_destroyed_context_is) {
  DriverOptions options;
  options.watch = &watch;
  run(
      [&] {
        driver->lose_context(context, {.code = R::context_is_destroyed, .injected = true});
        EXPECT_EQ(query(), R::context_is_destroyed);
        EXPECT_TRUE(driver->context_destroy(context).ok());
        EXPECT_EQ(watch.stale, 0);
        EXPECT_EQ(query(), R::context_is_destroyed);
        EXPECT_EQ(watch.stale, 1);
      },
      options);
}

TEST_F(StuckKernel, for_a_time_only_is_slow) {
  run([&] {
    WorkFault fault;
    fault.delay = 5s;
    launch_with(fault);
    EXPECT_EQ(within_10_s([&] { return synchronize(); }), R::success);
  });
}

TEST_F(StuckKernel, blocks_a_launch_once_the_stream_is_full) {
  profile.stream_depth_max = 4;
  run_stuck([&] {
    const auto at = words(1);
    for (int more = 0; more < 3; ++more) EXPECT_EQ(fill(at, 1, 1), R::success);
    EXPECT_EQ(within_10_s([&] { return fill(at, 1, 1); }), std::nullopt);
  });
}

}  // namespace
}  // namespace thresher::sim
