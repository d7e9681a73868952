// Simulated processes: started, talked to, killed; what is dead does nothing any more.
#include "thresher/sim/sim_processes.h"

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;
using runtime::Errc;
using runtime::no_deadline;
using runtime::ProcessContext;
using runtime::ProcessId;
using runtime::Scheduler;
using runtime::TimePoint;

std::vector<std::byte> bytes(std::string_view text) {
  const auto span = std::as_bytes(std::span{text.data(), text.size()});
  return {span.begin(), span.end()};
}

class SimProcessesTest : public testing::Test {
 protected:
  // Runs `main` in a world whose one program is `program`.
  RunResult run(std::function<int(ProcessContext&)> program, std::function<void()> main,
                std::uint64_t seed = 1) {
    WorldOptions options;
    options.seed = seed;
    World made{engine, std::move(options)};
    world = &made;
    made.register_program("child", [&](ProcessContext& context) { return program(context); });
    return made.run([&] { main(); });
  }
  Scheduler& s() { return world->services().scheduler; }
  runtime::Processes& processes() { return world->processes(); }
  ProcessId start(std::uint32_t workers = 1) {
    return *processes().start({.program = "child", .argument = "hello", .worker_count = workers});
  }
  runtime::ByteChannel& channel(ProcessId id) { return **processes().channel(id); }
  static int serve(ProcessContext& context) {
    static_cast<void>(context.parent.receive(no_deadline));
    return 7;
  }

  Engine engine;
  World* world = nullptr;
};

TEST_F(SimProcessesTest, start_and_give_their_status) {
  run([](ProcessContext& context) { return context.argument == "hello" ? 3 : 4; }, [&] {
    const auto exit = processes().wait(start(), no_deadline);
    EXPECT_FALSE(exit->killed);
    EXPECT_EQ(exit->status, 3);
  });
}

TEST_F(SimProcessesTest, know_only_registered_programs) {
  run(serve, [&] {
    EXPECT_EQ(processes().start({.program = "other", .argument = ""}).error().code,
              Errc::not_found);
  });
}

TEST_F(SimProcessesTest, have_workers_of_their_own) {
  std::uint32_t seen = 0;
  run([&](ProcessContext& context) {
    seen = context.services.scheduler.worker_count();
    return 0;
  }, [&] { static_cast<void>(processes().wait(start(3), no_deadline)); });
  EXPECT_EQ(seen, 3u);
}

TEST_F(SimProcessesTest, exchange_messages_in_order) {
  run([](ProcessContext& context) {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(context.parent.send(*context.parent.receive(no_deadline)));
    }
    return 0;
  }, [&] {
    const ProcessId child = start();
    for (const char* text : {"a", "b", "c"}) {
      EXPECT_TRUE(channel(child).send(bytes(text)).has_value());
    }
    for (const char* text : {"a", "b", "c"}) {
      EXPECT_EQ(*channel(child).receive(no_deadline), bytes(text));
    }
  });
}

TEST_F(SimProcessesTest, let_a_receiver_time_out) {
  run(serve, [&] {
    EXPECT_EQ(channel(start()).receive(TimePoint{1s}).error().code, Errc::timeout);
    EXPECT_EQ(s().now(), TimePoint{1s});
  });
}

TEST_F(SimProcessesTest, say_process_gone_after_the_last_message) {
  run([](ProcessContext& context) {
    static_cast<void>(context.parent.send(bytes("last")));
    return 0;
  }, [&] {
    const ProcessId child = start();
    EXPECT_EQ(*channel(child).receive(no_deadline), bytes("last"));
    EXPECT_EQ(channel(child).receive(no_deadline).error().code, Errc::process_gone);
    EXPECT_EQ(channel(child).send(bytes("late")).error().code, Errc::process_gone);
  });
}

TEST_F(SimProcessesTest, are_unwound_before_kill_returns) {
  bool unwound = false;
  struct Flag {
    bool& flag;
    ~Flag() { flag = true; }
  };
  run([&](ProcessContext& context) {
    const Flag flag{unwound};
    return serve(context);
  }, [&] {
    const ProcessId child = start();
    static_cast<void>(runtime::sleep_for(s(), 1ms));
    EXPECT_TRUE(processes().kill(child).has_value());
    EXPECT_TRUE(unwound);
    EXPECT_TRUE(processes().wait(child, no_deadline)->killed);
  });
}

TEST_F(SimProcessesTest, may_be_killed_before_they_began) {
  bool ran = false;
  run([&](ProcessContext&) {
    ran = true;
    return 0;
  }, [&] {
    const ProcessId child = start();
    EXPECT_TRUE(processes().kill(child).has_value());
    EXPECT_TRUE(processes().kill(child).has_value());
    EXPECT_TRUE(processes().wait(child, no_deadline)->killed);
  });
  EXPECT_FALSE(ran);
}

TEST_F(SimProcessesTest, end_all_their_fibers_when_the_program_returns) {
  bool late = false;
  run([&](ProcessContext& context) {
    Scheduler& scheduler = context.services.scheduler;
    scheduler.spawn({.name = "left over"}, [&scheduler, &late] {
      static_cast<void>(runtime::sleep_for(scheduler, 1s));
      late = true;
    });
    return 0;
  }, [&] {
    static_cast<void>(processes().wait(start(), no_deadline));
    static_cast<void>(runtime::sleep_for(s(), 1h));
  });
  EXPECT_FALSE(late);
}

// A destructor of the dying process tries everything; nothing may come of it.
TEST_F(SimProcessesTest, have_dead_seams_from_the_instant_of_their_death) {
  struct Tries {
    World& world;
    Scheduler& scheduler;
    runtime::ByteChannel& parent;
    bool& spawned;
    ~Tries() {
      EXPECT_TRUE(scheduler.unwinding());
      EXPECT_EQ(parent.send(bytes("from the dead")).error().code, Errc::process_gone);
      EXPECT_EQ(scheduler.run_blocking("x", [] {}, no_deadline).error().code, Errc::process_gone);
      bool& flag = spawned;
      scheduler.spawn({.name = "ghost"}, [&flag] { flag = true; });
      const std::uint64_t hash = world.trace_hash();
      EXPECT_EQ(world.services().entropy.next("x"), 0u);
      world.services().probe.event({});
      world.cross(1, 2, 3);
      world.checks().always(false, "test.dead");
      EXPECT_EQ(world.trace_hash(), hash);
      scheduler.yield();
    }
  };
  bool spawned = false;
  const RunResult result = run([&](ProcessContext& context) {
    const Tries tries{*world, context.services.scheduler, context.parent, spawned};
    return serve(context);
  }, [&] {
    const ProcessId child = start();
    static_cast<void>(runtime::sleep_for(s(), 1ms));
    static_cast<void>(processes().kill(child));
    EXPECT_EQ(channel(child).receive(no_deadline).error().code, Errc::process_gone);
  });
  EXPECT_FALSE(spawned);
  EXPECT_EQ(result.verdict, Verdict::survived) << result.label << result.message;
}

TEST_F(SimProcessesTest, do_not_keep_the_world_alive) {
  const RunResult result = run(serve, [&] { start(); });
  EXPECT_EQ(result.verdict, Verdict::survived);
}

TEST_F(SimProcessesTest, can_be_killed_and_started_again_and_again) {
  run(serve, [&] {
    for (int i = 0; i < 50; ++i) {
      const ProcessId child = start();
      if (i % 2 == 0) s().yield();
      EXPECT_TRUE(processes().kill(child).has_value());
      EXPECT_TRUE(processes().wait(child, no_deadline).has_value());
    }
  });
}

}  // namespace
}  // namespace thresher::sim
