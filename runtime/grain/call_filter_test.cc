// Call filters on both sides, for requests and for timer ticks.
#include "thresher/runtime/grain/grain_world_test.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

template <typename Base, typename Call>
class Doing final : public Base {
 public:
  explicit Doing(std::function<void(Call&)> body) : body_{std::move(body)} {}
  void invoke(Call& call) override { body_(call); }

 private:
  std::function<void(Call&)> body_;
};
using DoIncoming = Doing<IncomingCallFilter, IncomingCall>;
using DoOutgoing = Doing<OutgoingCallFilter, OutgoingCall>;

class CallFilters : public SiloTest {
 protected:
  CallFilters() {
    more_set_up = [this](Silo& made) {
      for (auto& body : incoming) {
        made.add_incoming_filter(std::make_unique<DoIncoming>(body));
      }
      for (auto& body : outgoing) {
        made.add_outgoing_filter(std::make_unique<DoOutgoing>(body));
      }
    };
  }
  auto noting(const std::string& name) {
    return [this, name](auto& call) {
      journal.add(name + " before");
      call.proceed();
      journal.add(name + " after");
    };
  }
  std::vector<std::function<void(IncomingCall&)>> incoming;
  std::vector<std::function<void(OutgoingCall&)>> outgoing;
};

TEST_F(CallFilters, run_around_the_call_in_order_of_registration) {
  outgoing = {noting("o1"), noting("o2")};
  incoming = {noting("i1"), noting("i2")};
  run([&] {
    grain("a").call(ITest::work, "w", 0).value();
    EXPECT_EQ(lines(), (std::vector<std::string>{
                           "o1 before", "o2 before", "a activate", "i1 before", "i2 before",
                           "a w+", "a w-", "i2 after", "i1 after", "o2 after", "o1 after"}));
  });
}

TEST_F(CallFilters, change_arguments_and_results) {
  incoming = {[](IncomingCall& call) {
    if (call.method().name == "add") call.argument<std::int64_t>(0) *= 10;
    call.proceed();
    if (call.method().name == "add") call.result<std::int64_t>() += 1;
  }};
  run([&] { EXPECT_EQ(grain("a").call(ITest::add, 2).value(), 21); });
}

TEST_F(CallFilters, answer_instead_of_the_method) {
  incoming = {[](IncomingCall& call) { call.set_result(std::int64_t{7}); }};
  run([&] { EXPECT_EQ(grain("a").call(ITest::add, 2).value(), 7); });
}

TEST_F(CallFilters, that_give_nothing_refuse_the_call_unless_it_gives_void) {
  incoming = {[](IncomingCall&) {}};
  run([&] {
    EXPECT_EQ(grain("a").call(ITest::add, 2).error().error.code, Errc::rejected);
    EXPECT_TRUE(grain("a").call(ITest::act));
  });
}

TEST_F(CallFilters, swallow_and_replace_failures) {
  incoming = {[](IncomingCall& call) {
    call.proceed();
    if (call.failure() != nullptr) call.set_result(std::int64_t{-1});
  }};
  run([&] { EXPECT_EQ(grain("a").call(ITest::fail, "x").value(), -1); });
}

TEST_F(CallFilters, make_the_call_fail_with_what_they_throw) {
  incoming = {[](IncomingCall&) { throw TestError{"filter"}; }};
  run([&] { EXPECT_THROW(grain("a").call(ITest::add, 1).value(), TestError); });
}

TEST_F(CallFilters, call_the_method_again_with_the_same_arguments) {
  incoming = {[](IncomingCall& call) {
    call.proceed();
    call.proceed();
  }};
  run([&] {
    EXPECT_EQ(grain("a").call(ITest::add, 2).value(), 4);
    EXPECT_EQ(grain("a").call(ITest::work, "w", 0).value(), "w");
  });
}

TEST_F(CallFilters, on_the_caller_send_again_what_failed) {
  int sent = 0;
  outgoing = {[&](OutgoingCall& call) {
    do {
      ++sent;
      call.proceed();
    } while (call.failure() != nullptr && sent < 3);
  }};
  run([&] {
    EXPECT_FALSE(grain("a").call(ITest::fail, "x"));
    EXPECT_EQ(sent, 3);
  });
}

TEST_F(CallFilters, on_the_caller_replace_a_timeout) {
  outgoing = {[](OutgoingCall& call) {
    call.proceed();
    if (call.failure() != nullptr) call.set_result(std::string{"instead"});
  }};
  run([&] { EXPECT_EQ(grain("a").call(ITest::quick, "w", 1000).value(), "instead"); });
}

TEST_F(CallFilters, on_the_caller_see_started_and_one_way_calls_too) {
  outgoing = {noting("o")};
  run([&] {
    CallFuture<std::int64_t> future = grain("a").start(ITest::add, 2);
    EXPECT_EQ(future.get().value(), 2);
    grain("a").tell(ITest::note, "n");
    pass(1ms);
    EXPECT_EQ(journal.count("o after"), 2);
    EXPECT_EQ(journal.count("a n"), 1);
  });
}

TEST_F(CallFilters, on_the_caller_change_what_flows_to_the_callee) {
  outgoing = {[](OutgoingCall& call) {
    call.context().set("k", "filter");
    call.proceed();
  }};
  std::string seen;
  script.on_act = [&](Grain&, CancellationToken) -> Result<void> {
    seen = *request_context(scheduler()).find("k");
    return {};
  };
  run([&] { grain("a").call(ITest::act).value(); });
  EXPECT_EQ(seen, "filter");
}

TEST_F(CallFilters, run_for_timer_ticks) {
  incoming = {[&](IncomingCall& call) {
    if (call.is_timer_tick()) journal.add("tick");
    call.proceed();
  }};
  GrainTimer timer;
  script.on_act = [&](Grain& grain, CancellationToken) -> Result<void> {
    timer = grain.context().register_timer({.due = 0s}, [](CancellationToken) {
      return Result<void>{};
    }).value();
    return {};
  };
  run([&] {
    grain("a").call(ITest::act).value();
    pass(1ms);
    EXPECT_EQ(journal.count("tick"), 1);
  });
}

}  // namespace
}  // namespace thresher::runtime
