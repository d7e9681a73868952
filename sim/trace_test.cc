// The trace: what a run leaves in it, and its lines.
#include "thresher/sim/trace.h"

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <sstream>

namespace thresher::sim {
namespace {

using namespace std::chrono_literals;

class TraceTest : public testing::Test {
 protected:
  void SetUp() override {
    WorldOptions options;
    options.trace = &trace;
    World world{engine, std::move(options)};
    runtime::Scheduler& s = world.services().scheduler;
    world.run([&] {
      world.services().probe.log(runtime::LogLevel::info, "pool", "leased");
      world.services().probe.event({.kind = runtime::EventKind::lease_granted, .subject = 4});
      static_cast<void>(world.services().entropy.next("ids"));
      static_cast<void>(runtime::sleep_for(s, 1ms));
      world.cross(1, 2, 3);
      world.checks().always(false, "test.broken");
    });
  }
  const TraceRecord* find(TraceKind kind) const {
    const auto& all = trace.records();
    const auto found = std::find_if(all.begin(), all.end(),
                                    [&](const TraceRecord& r) { return r.kind == kind; });
    return found == all.end() ? nullptr : &*found;
  }

  Engine engine;
  Trace trace;
};

TEST_F(TraceTest, holds_what_the_product_said_and_drew) {
  ASSERT_NE(find(TraceKind::log), nullptr);
  EXPECT_EQ(trace.text(find(TraceKind::log)->text), "pool: leased");
  EXPECT_EQ(find(TraceKind::event)->a, 4u);
  EXPECT_EQ(trace.text(find(TraceKind::choice)->text), "entropy/ids");
  EXPECT_EQ(find(TraceKind::crossed)->c, 3u);
}

TEST_F(TraceTest, holds_waits_and_failures_with_their_time_and_fiber) {
  EXPECT_EQ(trace.text(find(TraceKind::parked)->text), "time");
  EXPECT_EQ(trace.text(find(TraceKind::failed)->text), "test.broken");
  EXPECT_EQ(find(TraceKind::failed)->at, runtime::TimePoint{1ms});
  EXPECT_EQ(trace.fiber_name(find(TraceKind::failed)->fiber), "main");
}

TEST_F(TraceTest, is_written_as_one_json_object_a_line) {
  std::ostringstream out;
  trace.write(out);
  std::istringstream lines{out.str()};
  std::size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_TRUE(json.contains("t") && json.contains("kind"));
  }
  EXPECT_EQ(count, trace.records().size());
}

TEST_F(TraceTest, says_which_file_it_could_not_write) {
  std::string problem;
  EXPECT_FALSE(trace.save("/nowhere/at/all.jsonl", problem).has_value());
  EXPECT_NE(problem.find("/nowhere/at/all.jsonl"), std::string::npos);
}

}  // namespace
}  // namespace thresher::sim
