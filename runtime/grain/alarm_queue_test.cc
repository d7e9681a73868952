// Alarms of one worker: order, setting anew, disarming, and what fires may set.
#include "thresher/runtime/grain/alarm_queue.h"

#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;

class Alarms : public testing::Test {
 protected:
  struct Named {
    Named(Alarms& owner, std::string text) : test{owner}, name{std::move(text)} {}
    Alarms& test;
    std::string name;
    Alarm alarm{[](void* self) { static_cast<Named*>(self)->fired(); }, this, false};
    TimePoint again = no_deadline;
    void fired() {
      test.seen += name;
      if (again != no_deadline) test.queue->set(alarm, std::exchange(again, no_deadline));
    }
  };
  template <typename Body>
  void run(Body body) {
    sim::World world{engine, {}};
    world.run([&] {
      scheduler = &world.services().scheduler;
      queue = std::make_unique<AlarmQueue>(*scheduler);
      scheduler->spawn({.name = "alarms", .background = true}, [&] { queue->run(); });
      body();
      queue->stop();
      sleep_for(*scheduler, 1ms).value();
      queue.reset();
    });
  }
  TimePoint in(Duration span) const { return scheduler->now() + span; }
  void pass(Duration span) { sleep_for(*scheduler, span).value(); }

  sim::Engine engine;
  Scheduler* scheduler = nullptr;
  std::unique_ptr<AlarmQueue> queue;
  std::string seen;
  Named a{*this, "a"};
  Named b{*this, "b"};
  Named c{*this, "c"};
};

TEST_F(Alarms, fire_in_order_of_due_time_whatever_the_order_of_setting) {
  run([&] {
    queue->set(c.alarm, in(3s));
    queue->set(a.alarm, in(1s));
    queue->set(b.alarm, in(2s));
    pass(4s);
    EXPECT_EQ(seen, "abc");
  });
}

TEST_F(Alarms, of_one_instant_fire_in_order_of_setting) {
  run([&] {
    for (Named* alarm : {&b, &c, &a}) queue->set(alarm->alarm, TimePoint{} + 1s);
    pass(2s);
    EXPECT_EQ(seen, "bca");
  });
}

TEST_F(Alarms, fire_exactly_at_their_due_time_and_once) {
  run([&] {
    queue->set(a.alarm, in(1s));
    pass(1s - 1ns);
    EXPECT_EQ(seen, "");
    pass(2s);
    EXPECT_EQ(seen, "a");
    EXPECT_FALSE(a.alarm.armed());
  });
}

TEST_F(Alarms, set_anew_forget_the_time_before) {
  run([&] {
    queue->set(a.alarm, in(1s));
    queue->set(a.alarm, in(3s));
    pass(2s);
    EXPECT_EQ(seen, "");
    pass(2s);
    EXPECT_EQ(seen, "a");
  });
}

TEST_F(Alarms, that_are_disarmed_or_destroyed_do_not_fire) {
  run([&] {
    auto short_lived = std::make_unique<Named>(*this, "x");
    queue->set(short_lived->alarm, in(1s));
    queue->set(a.alarm, in(1s));
    queue->set(b.alarm, in(2s));
    short_lived.reset();
    a.alarm.disarm();
    pass(3s);
    EXPECT_EQ(seen, "b");
    EXPECT_EQ(queue->size(), 0u);
  });
}

TEST_F(Alarms, set_themselves_again_while_they_fire) {
  run([&] {
    a.again = in(2s);
    queue->set(a.alarm, in(1s));
    pass(3s);
    EXPECT_EQ(seen, "aa");
  });
}

TEST_F(Alarms, taken_out_of_the_middle_leave_the_others_in_order) {
  run([&] {
    std::vector<std::unique_ptr<Named>> many;
    for (int i = 0; i < 20; ++i) {
      many.push_back(std::make_unique<Named>(*this, std::string(1, static_cast<char>('a' + i))));
      queue->set(many.back()->alarm, TimePoint{} + std::chrono::seconds{i * 7 % 20 + 1});
    }
    for (int i = 0; i < 20; i += 3) many[static_cast<std::size_t>(i)]->alarm.disarm();
    pass(30s);
    EXPECT_EQ(seen.size(), 13u);
    std::string expected;
    for (int due = 0; due < 20; ++due) {
      for (int i = 0; i < 20; ++i) {
        if (i % 3 != 0 && i * 7 % 20 == due) expected += static_cast<char>('a' + i);
      }
    }
    EXPECT_EQ(seen, expected);
  });
}

}  // namespace
}  // namespace thresher::runtime
