// The timeline: order within streams, engines, events, stuck work, in exact nanoseconds.
#include "thresher/sim/device/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace thresher::sim {
namespace {

using runtime::Duration;
using runtime::TimePoint;
using testing::ElementsAre;

constexpr DeviceContextId context_one{1};
constexpr DeviceContextId context_two{2};

TimePoint at(std::int64_t ns) { return TimePoint{Duration{ns}}; }

struct TimelineTest : testing::Test, WorkRunner {
  Timeline timeline{TimelineShape{.copy_engines = 2, .kernels_per_context = 2}, *this};
  /// (sequence, ns) of what finished.
  std::vector<std::pair<std::uint64_t, std::int64_t>> finished;

  void finish(DeviceContextId, Work& work, TimePoint when) override {
    finished.emplace_back(work.sequence, when.time_since_epoch().count());
  }
  std::uint64_t submit(QueueId queue, WorkKind kind, std::int64_t cost, std::int64_t now = 0) {
    timeline.advance(at(now));
    Work work{.kind = kind};
    work.cost = Duration{cost};
    return timeline.submit(queue, std::move(work), at(now));
  }
  void submit_stuck(QueueId queue, StuckUntil until) {
    Work work{.kind = WorkKind::kernel};
    work.fault.stuck = true;
    work.fault.until = until;
    timeline.submit(queue, std::move(work), at(0));
  }
};

TEST_F(TimelineTest, runs_one_streams_work_in_order) {
  const QueueId stream = timeline.open(context_one);
  submit(stream, WorkKind::kernel, 10);
  submit(stream, WorkKind::copy_to_host, 5);
  timeline.advance(at(100));
  EXPECT_THAT(finished, ElementsAre(std::pair{1u, 10}, std::pair{2u, 15}));
}

TEST_F(TimelineTest, runs_kernels_of_two_streams_at_once) {
  submit(timeline.open(context_one), WorkKind::kernel, 10);
  submit(timeline.open(context_one), WorkKind::kernel, 7);
  timeline.advance(at(100));
  EXPECT_THAT(finished, ElementsAre(std::pair{2u, 7}, std::pair{1u, 10}));
}

TEST_F(TimelineTest, lets_a_third_kernel_of_a_context_wait_for_a_place) {
  for (int stream = 0; stream < 3; ++stream) {
    submit(timeline.open(context_one), WorkKind::kernel, 10);
  }
  timeline.advance(at(100));
  EXPECT_EQ(finished.back(), std::pair(std::uint64_t{3}, std::int64_t{20}));
}

TEST_F(TimelineTest, serves_copies_of_one_direction_one_after_the_other) {
  submit(timeline.open(context_one), WorkKind::copy_to_device, 10);
  submit(timeline.open(context_two), WorkKind::copy_to_device, 10);
  submit(timeline.open(context_two), WorkKind::copy_to_host, 10);
  timeline.advance(at(100));
  EXPECT_THAT(finished, ElementsAre(std::pair{1u, 10}, std::pair{3u, 10}, std::pair{2u, 20}));
}

TEST_F(TimelineTest, does_not_reserve_an_engine_for_work_that_is_not_ready) {
  const QueueId behind_a_kernel = timeline.open(context_one);
  submit(behind_a_kernel, WorkKind::kernel, 50);
  submit(behind_a_kernel, WorkKind::copy_to_device, 10);
  submit(timeline.open(context_one), WorkKind::copy_to_device, 10);
  timeline.advance(at(100));
  EXPECT_EQ(finished.front(), std::pair(std::uint64_t{3}, std::int64_t{10}));
}

TEST_F(TimelineTest, holds_a_stream_until_the_awaited_point) {
  const QueueId first = timeline.open(context_one);
  const QueueId second = timeline.open(context_one);
  submit(first, WorkKind::kernel, 30);
  const std::uint64_t recorded = submit(first, WorkKind::record, 0);
  Work wait{.kind = WorkKind::wait};
  wait.awaited = StreamPoint{.queue = first, .sequence = recorded};
  timeline.submit(second, std::move(wait), at(0));
  submit(second, WorkKind::kernel, 5);
  timeline.advance(at(100));
  EXPECT_EQ(finished.back(), std::pair(std::uint64_t{4}, std::int64_t{35}));
}

TEST_F(TimelineTest, never_ends_stuck_work_and_leaves_other_contexts_working) {
  const QueueId stuck = timeline.open(context_one);
  submit_stuck(stuck, StuckUntil::process_replaced);
  EXPECT_EQ(timeline.next_end(), runtime::no_deadline);
  submit(timeline.open(context_two), WorkKind::kernel, 10);
  timeline.advance(at(1'000'000));
  EXPECT_THAT(finished, ElementsAre(std::pair{2u, 10}));
  EXPECT_FALSE(timeline.idle(stuck));
  EXPECT_EQ(timeline.stuck(context_one), StuckUntil::process_replaced);
}

TEST_F(TimelineTest, counts_the_places_of_each_context_by_itself) {
  submit_stuck(timeline.open(context_one), StuckUntil::never);
  submit_stuck(timeline.open(context_one), StuckUntil::never);
  submit(timeline.open(context_two), WorkKind::kernel, 10);
  timeline.advance(at(10));
  EXPECT_THAT(finished, ElementsAre(std::pair{3u, 10}));
}

TEST_F(TimelineTest, lets_go_of_what_was_only_stuck_for_so_long) {
  submit_stuck(timeline.open(context_one), StuckUntil::context_destroyed);
  submit_stuck(timeline.open(context_one), StuckUntil::never);
  timeline.advance(at(10));
  timeline.release_stuck(StuckUntil::context_destroyed, at(10));
  timeline.advance(at(11));
  EXPECT_THAT(finished, ElementsAre(std::pair{1u, 10}));
}

TEST_F(TimelineTest, drops_a_contexts_work_and_frees_its_engines) {
  submit_stuck(timeline.open(context_one), StuckUntil::never);
  submit_stuck(timeline.open(context_one), StuckUntil::never);
  EXPECT_EQ(timeline.drop(context_one), 2u);
  submit(timeline.open(context_one), WorkKind::kernel, 10);
  timeline.advance(at(10));
  EXPECT_EQ(finished.size(), 1u);
}

TEST_F(TimelineTest, finishes_a_closed_streams_work_and_forgets_it) {
  const QueueId stream = timeline.open(context_one);
  submit(stream, WorkKind::kernel, 10);
  timeline.close(stream);
  EXPECT_TRUE(timeline.busy(context_one, timeline.next_sequence()));
  timeline.advance(at(10));
  EXPECT_EQ(finished.size(), 1u);
  EXPECT_FALSE(timeline.busy(context_one, timeline.next_sequence()));
}

TEST_F(TimelineTest, calls_a_point_reached_when_all_up_to_it_is_done) {
  const QueueId stream = timeline.open(context_one);
  const std::uint64_t first = submit(stream, WorkKind::kernel, 10);
  submit(stream, WorkKind::kernel, 10);
  EXPECT_FALSE(timeline.reached({.queue = stream, .sequence = first}));
  timeline.advance(at(10));
  EXPECT_TRUE(timeline.reached({.queue = stream, .sequence = first}));
  EXPECT_FALSE(timeline.idle(stream));
}

TEST(Timeline, shares_one_copy_engine_between_the_directions_when_there_is_but_one) {
  struct Runner : WorkRunner {
    TimePoint last{};
    void finish(DeviceContextId, Work&, TimePoint when) override { last = when; }
  } runner;
  Timeline timeline{TimelineShape{.copy_engines = 1, .kernels_per_context = 1}, runner};
  for (const WorkKind kind : {WorkKind::copy_to_device, WorkKind::copy_to_host}) {
    Work work{.kind = kind};
    work.cost = Duration{10};
    timeline.submit(timeline.open(context_one), std::move(work), at(0));
  }
  timeline.advance(at(100));
  EXPECT_EQ(runner.last, at(20));
}

}  // namespace
}  // namespace thresher::sim
