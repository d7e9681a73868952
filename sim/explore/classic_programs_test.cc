// Small programs with known bugs, and what each strategy needs to find them.
//
// A schedule point stands before every access to what the fibers share. The programs and their
// numbers of schedules are those that the papers on PCT and its followers use.
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

namespace thresher::sim {
namespace {

using runtime::Mutex;
using runtime::MutexLock;
using runtime::Scheduler;

constexpr std::uint64_t none = ~std::uint64_t{0};

class ClassicProgramsTest : public testing::Test {
 protected:
  using Program = std::function<void(Scheduler&, Checks&)>;

  RunResult run(const Program& program, const StrategySpec& strategy, std::uint64_t seed) {
    WorldOptions options;
    options.seed = seed;
    options.strategy = strategy;
    World world{engine, std::move(options)};
    return world.run([&] { program(world.services().scheduler, world.checks()); });
  }
  // Number of runs until the first that fails as `label`; `none` when there is none.
  std::uint64_t runs_until(const std::string& label, const Program& program,
                           const StrategySpec& strategy, std::uint64_t runs_max) {
    for (std::uint64_t seed = 0; seed < runs_max; ++seed) {
      const RunResult result = run(program, strategy, seed);
      if (result.verdict == Verdict::survived) continue;
      EXPECT_EQ(result.label, label) << result.message;
      return seed + 1;
    }
    return none;
  }
  std::uint64_t failures(const Program& program, const StrategySpec& strategy,
                         std::uint64_t runs) {
    std::uint64_t count = 0;
    for (std::uint64_t seed = 0; seed < runs; ++seed) {
      count += run(program, strategy, seed).verdict != Verdict::survived ? 1 : 0;
    }
    return count;
  }
  static StrategySpec pct(std::uint32_t depth, std::uint64_t length) {
    return {.kind = StrategySpec::Kind::pct, .depth = depth, .length = length};
  }

  Engine engine;
};

// Two locks in opposite order.
void ab_ba(Scheduler& s, bool same_order) {
  Mutex a{s, "a"};
  Mutex b{s, "b"};
  int left = 2;
  runtime::FiberEvent done{s, "both done"};
  const auto take = [&](Mutex& first, Mutex& second) {
    static_cast<void>(first.lock());
    const MutexLock held_first{first};
    static_cast<void>(second.lock());
    const MutexLock held_second{second};
    if (--left == 0) done.set();
  };
  s.spawn({.name = "one"}, [&] { take(a, b); });
  s.spawn({.name = "two"}, [&] { same_order ? take(a, b) : take(b, a); });
  static_cast<void>(done.wait());
}

TEST_F(ClassicProgramsTest, finds_the_ab_ba_deadlock) {
  const Program program = [](Scheduler& s, Checks&) { ab_ba(s, false); };
  EXPECT_LE(runs_until("deadlock", program, {}, 100), 30u);
  EXPECT_LE(runs_until("deadlock", program, pct(2, 12), 500), 200u);
}

TEST_F(ClassicProgramsTest, reports_the_cycle_of_a_lock_deadlock_at_once_and_by_name) {
  const Program program = [](Scheduler& s, Checks&) {
    s.spawn({.name = "bystander"},
            [&s] { static_cast<void>(runtime::sleep_for(s, std::chrono::hours{1})); });
    ab_ba(s, false);
  };
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const RunResult result = run(program, {}, seed);
    if (result.verdict == Verdict::survived) continue;
    EXPECT_EQ(result.failed_at, runtime::TimePoint{});
    EXPECT_NE(result.message.find("'one' waits: lock 'b'"), std::string::npos) << result.message;
    EXPECT_NE(result.message.find("held by 'two'"), std::string::npos) << result.message;
    return;
  }
  FAIL() << "no seed deadlocks";
}

TEST_F(ClassicProgramsTest, never_reports_locks_taken_in_one_order) {
  const Program program = [](Scheduler& s, Checks&) { ab_ba(s, true); };
  EXPECT_EQ(failures(program, {}, 2000), 0u);
  EXPECT_EQ(failures(program, pct(3, 12), 2000), 0u);
}

void lost_update(Scheduler& s, Checks& checks, bool locked) {
  int balance = 0;
  Mutex mutex{s, "balance"};
  const auto add = [&] {
    if (locked) static_cast<void>(mutex.lock());
    s.touch({.verb = "read", .name = "balance"});
    const int read = balance;
    s.touch({.verb = "write", .name = "balance"});
    balance = read + 1;
    if (locked) mutex.unlock();
  };
  runtime::FiberEvent done{s, "done"};
  int left = 2;
  for (int i = 0; i < 2; ++i) {
    s.spawn({.name = "adder"}, [&] {
      add();
      if (--left == 0) done.set();
    });
  }
  static_cast<void>(done.wait());
  checks.always(balance == 2, "test.lost_update");
}

TEST_F(ClassicProgramsTest, finds_the_lost_update) {
  const Program program = [](Scheduler& s, Checks& checks) { lost_update(s, checks, false); };
  EXPECT_LE(runs_until("test.lost_update", program, {}, 100), 20u);
  EXPECT_LE(runs_until("test.lost_update", program, pct(2, 8), 300), 100u);
}

TEST_F(ClassicProgramsTest, never_reports_a_locked_update) {
  const Program program = [](Scheduler& s, Checks& checks) { lost_update(s, checks, true); };
  EXPECT_EQ(failures(program, {}, 2000), 0u);
  EXPECT_EQ(failures(program, pct(2, 8), 2000), 0u);
}

// A check and a use, and far away, after many steps, what takes the object away between them.
void atomicity(Scheduler& s, Checks& checks, int others) {
  bool present = true;
  const auto step = [&s] { s.touch({.verb = "step", .name = "program"}); };
  const auto user = [&] {
    step();
    if (!present) return;
    step();
    checks.always(present, "test.use_after_take");
  };
  const auto taker = [&] {
    for (int i = 0; i < 20; ++i) step();
    present = false;
  };
  const auto other = [&] {
    for (int i = 0; i < 4; ++i) step();
  };
  s.spawn({.name = "user"}, user);
  s.spawn({.name = "taker"}, taker);
  for (int i = 0; i < others; ++i) s.spawn({.name = "other"}, other);
  // The fibers refer to this frame.
  static_cast<void>(runtime::sleep_for(s, std::chrono::seconds{1}));
}

TEST_F(ClassicProgramsTest, finds_the_atomicity_violation_as_often_as_pct_promises) {
  constexpr std::uint64_t runs = 20'000;
  const Program program = [](Scheduler& s, Checks& checks) { atomicity(s, checks, 18); };
  // n = 20 and k = 94 and d = 2: at least one run in n * k.
  EXPECT_GE(failures(program, pct(2, 94), runs), runs / (20 * 94));
}

TEST_F(ClassicProgramsTest, needs_far_fewer_runs_with_pct_where_random_walks_rarely_arrive) {
  constexpr std::uint64_t runs = 5000;
  const Program program = [](Scheduler& s, Checks& checks) { atomicity(s, checks, 0); };
  const std::uint64_t by_pct = failures(program, pct(2, 22), runs);
  EXPECT_GE(by_pct, runs / (2 * 22));
  EXPECT_GT(by_pct, 10 * failures(program, {}, runs));
}

}  // namespace
}  // namespace thresher::sim
