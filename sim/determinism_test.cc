// One seed, one run: the same hash again, the same hash from the tape, and nothing left behind.
//
// The programs are drawn: fibers on several workers that lock, sleep, spend, yield, spawn, draw,
// run blocking work and start processes.
#include "thresher/runtime/fiber/channel.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/explore/split_mix.h"
#include "thresher/sim/tape.h"
#include "thresher/sim/trace.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <rapidcheck.h>
#include <fstream>
#include <stdexcept>

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;
using runtime::Scheduler;
using runtime::WorkerId;

// A program drawn from `seed`, which is not the seed of the schedule.
class DrawnProgram {
 public:
  DrawnProgram(World& world, std::uint64_t seed)
      : world_{world}, s_{world.services().scheduler}, seed_{seed} {}

  void main() {
    SplitMix random{seed_};
    runtime::Mutex mutex{s_, "shared"};
    runtime::Channel<int> channel{s_, "numbers", 2};
    mutex_ = &mutex;
    channel_ = &channel;
    start_process();
    for (std::uint64_t i = 0; i < 2 + random.below(4); ++i) start(random.next(), 0);
    // What the fibers share lives on this stack.
    static_cast<void>(runtime::sleep_for(s_, 1h));
  }

 private:
  void start(std::uint64_t seed, int depth) {
    // The mutex belongs to worker 0: only its fibers may lock it.
    const auto worker = static_cast<std::uint32_t>(seed % 2);
    s_.spawn({.worker = WorkerId{worker}, .name = "drawn", .background = seed % 5 == 0},
             [this, seed, depth, worker] { body(seed, depth, worker == 0); });
  }
  void start_process() {
    world_.register_program("echo", [](runtime::ProcessContext& context) {
      for (;;) {
        const auto message = context.parent.receive(runtime::no_deadline);
        if (!message) return 1;
        static_cast<void>(context.parent.send(*message));
      }
    });
    process_ = *world_.processes().start({.program = "echo", .argument = ""});
  }
  void body(std::uint64_t seed, int depth, bool may_lock) {
    SplitMix random{seed};
    for (std::uint64_t i = 0; i < 3 + random.below(10); ++i) act(random, depth, may_lock);
  }
  void act(SplitMix& random, int depth, bool may_lock) {
    const auto span = std::chrono::milliseconds{random.below(4)};
    switch (random.below(9)) {
      case 0: s_.yield(); break;
      case 1: static_cast<void>(runtime::sleep_for(s_, span)); break;
      case 2: s_.spend(span); break;
      case 3: static_cast<void>(channel_->send(1, {}, s_.now() + span)); break;
      case 4: static_cast<void>(channel_->receive({}, s_.now() + span)); break;
      case 5: static_cast<void>(world_.services().entropy.next("test")); break;
      case 6:
        if (depth < 2) start(random.next(), depth + 1);
        break;
      case 7: {
        const auto work = [this] { s_.spend(2ms); };
        static_cast<void>(s_.run_blocking("work", work, s_.now() + span));
        break;
      }
      default: lock_or_echo(span, may_lock);
    }
  }
  void lock_or_echo(runtime::Duration span, bool may_lock) {
    if (!may_lock) {
      runtime::ByteChannel& echo = **world_.processes().channel(process_);
      static_cast<void>(echo.send({}));
      static_cast<void>(echo.receive(s_.now() + span));
      return;
    }
    if (!mutex_->lock({}, s_.now() + 5ms)) return;
    const runtime::MutexLock held{*mutex_};
    static_cast<void>(runtime::sleep_for(s_, span));
  }

  World& world_;
  Scheduler& s_;
  std::uint64_t seed_;
  runtime::Mutex* mutex_ = nullptr;
  runtime::Channel<int>* channel_ = nullptr;
  runtime::ProcessId process_;
};

class DeterminismTest : public testing::Test {
 protected:
  static RunResult run(Engine& engine, std::uint64_t program, WorldOptions options) {
    World world{engine, std::move(options)};
    DrawnProgram drawn{world, program};
    return world.run([&] { drawn.main(); });
  }
  static WorldOptions options(std::uint64_t seed) {
    WorldOptions made;
    made.seed = seed;
    if (seed % 2 == 1) {
      made.strategy = {.kind = StrategySpec::Kind::pct, .depth = 3, .length = 100};
    }
    return made;
  }
};

RC_GTEST_FIXTURE_PROP(DeterminismTest, gives_the_same_hash_for_the_same_seed,
                      (std::uint64_t program, std::uint64_t seed)) {
  Engine engine;
  const RunResult first = run(engine, program, options(seed));
  const RunResult second = run(engine, program, options(seed));
  RC_ASSERT(first.verdict == Verdict::survived);
  RC_ASSERT(first.steps == second.steps);
  RC_ASSERT(first.trace_hash == second.trace_hash);
}

RC_GTEST_FIXTURE_PROP(DeterminismTest, gives_the_same_hash_whether_it_records_or_traces,
                      (std::uint64_t program, std::uint64_t seed)) {
  Engine engine;
  const RunResult plain = run(engine, program, options(seed));
  Trace trace;
  WorldOptions watched = options(seed);
  watched.record = true;
  watched.trace = &trace;
  RC_ASSERT(run(engine, program, std::move(watched)).trace_hash == plain.trace_hash);
  RC_ASSERT(!trace.records().empty());
}

RC_GTEST_FIXTURE_PROP(DeterminismTest, gives_the_same_hash_from_the_tape,
                      (std::uint64_t program, std::uint64_t seed)) {
  Engine engine;
  WorldOptions recording = options(seed);
  recording.record = true;
  const RunResult recorded = run(engine, program, std::move(recording));
  for (const ReplayMode mode : {ReplayMode::strict, ReplayMode::best_effort}) {
    WorldOptions replaying;
    replaying.seed = ~seed;  // Nothing may be drawn.
    replaying.replay = recorded.tape.get();
    replaying.replay_mode = mode;
    const RunResult replayed = run(engine, program, std::move(replaying));
    RC_ASSERT(replayed.message.empty());
    RC_ASSERT(replayed.trace_hash == recorded.trace_hash);
    RC_ASSERT(replayed.steps == recorded.steps);
  }
}

RC_GTEST_FIXTURE_PROP(DeterminismTest, records_while_replaying_what_it_replays,
                      (std::uint64_t program, std::uint64_t seed)) {
  Engine engine;
  WorldOptions recording = options(seed);
  recording.record = true;
  const RunResult first = run(engine, program, recording);
  recording.replay = first.tape.get();
  const RunResult second = run(engine, program, recording);
  RC_ASSERT(*first.tape == *second.tape);
}

// With the schedule's deviations gone the run is the dull one; it must still run to its end.
RC_GTEST_FIXTURE_PROP(DeterminismTest, follows_a_damaged_tape_as_well_as_it_can,
                      (std::uint64_t program, std::uint64_t seed)) {
  Engine engine;
  WorldOptions recording = options(seed);
  recording.record = true;
  Tape tape = *run(engine, program, std::move(recording)).tape;
  std::erase_if(tape.schedule, [](const TapeDeviation& d) { return d.step % 3 == 0; });
  std::erase_if(tape.lanes, [](const TapeLane& lane) { return lane.name == "time"; });
  WorldOptions replaying;
  replaying.replay = &tape;
  replaying.replay_mode = ReplayMode::best_effort;
  RC_ASSERT(run(engine, program, std::move(replaying)).verdict == Verdict::survived);
}

TEST_F(DeterminismTest, names_the_step_where_a_tape_runs_a_fiber_that_is_not_there) {
  Engine engine;
  WorldOptions recording = options(0);
  recording.record = true;
  Tape tape = *run(engine, 1, std::move(recording)).tape;
  ASSERT_FALSE(tape.schedule.empty());
  tape.schedule.front().fiber ^= 1;
  WorldOptions replaying;
  replaying.replay = &tape;
  const RunResult result = run(engine, 1, std::move(replaying));
  EXPECT_EQ(result.verdict, Verdict::nondeterminism);
  EXPECT_EQ(result.failed_step, tape.schedule.front().step);
  EXPECT_NE(result.message.find("lane 'sched' at step"), std::string::npos) << result.message;
}

std::uint64_t resident_kib() {
  std::ifstream status{"/proc/self/statm"};
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  status >> total >> resident;
  return resident * 4;
}

// Fails in one of several ways, each with fibers, timers, processes and blocking work left over.
RunResult fail_somehow(Engine& engine, std::uint64_t seed) {
  WorldOptions options;
  options.seed = seed;
  options.record = seed % 2 == 0;
  World world{engine, std::move(options)};
  Scheduler& s = world.services().scheduler;
  runtime::FiberEvent never{s, "never"};  // Outlives what waits for it, however main ends.
  return world.run([&] {
    world.register_program("idle", [](runtime::ProcessContext& context) {
      static_cast<void>(context.parent.receive(runtime::no_deadline));
      return 0;
    });
    static_cast<void>(world.processes().start({.program = "idle", .argument = "for ever"}));
    for (int i = 0; i < 20; ++i) {
      s.spawn({.name = "waiter"}, [&] { static_cast<void>(never.wait()); });
    }
    static_cast<void>(s.run_blocking("stuck", [&] { s.spend(1h); }, s.now() + 1s));
    if (seed % 3 == 0) throw std::runtime_error{"an exception with words of its own"};
    const auto words = [] { return std::string(99, 'x'); };
    if (seed % 3 == 1) world.checks().always(false, "test.broken", words);
    static_cast<void>(never.wait());
  });
}

TEST(Worlds, leave_nothing_behind_when_they_fail) {
  Engine engine;
  for (std::uint64_t seed = 0; seed < 500; ++seed) fail_somehow(engine, seed);
  const std::uint64_t before = resident_kib();
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    ASSERT_NE(fail_somehow(engine, seed).verdict, Verdict::survived);
  }
#if defined(THRESHER_SANITIZED)
  constexpr std::uint64_t growth_max = 300'000;  // Its quarantine holds what was freed.
#else
  constexpr std::uint64_t growth_max = 256;
#endif
  EXPECT_LE(resident_kib(), before + growth_max);
}

}  // namespace
}  // namespace thresher::sim
