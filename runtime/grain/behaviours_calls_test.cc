// Behaviours 16 to 22 of the runtime's reference: timeouts, reentrancy, cancellation, and what else
// is promised of calls. Each test carries the number and the sentence.
#include "thresher/runtime/grain/grain_world_test.h"

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

class CallBehaviours : public SiloTest {
 protected:
  using Working = CallFuture<std::string>;

  template <typename R>
  static Errc code_of(const CallResult<R>& result) {
    return result.error().error.code;
  }
  /// A -> B -> A, where A's request is `act`; `scope` runs around A's call.
  CallResult<void> cycle(std::string_view type, std::function<void(Grain&, UniqueFunction<void()>)>
                                                    scope) {
    script.on_act = [this, type, scope](Grain& self, CancellationToken) -> Result<void> {
      if (self.id().key() == "b") {
        grain("a", type).call(ITest::activation).value();
        return {};
      }
      scope(self, [&] { grain("b", type).call(ITest::act).value(); });
      return {};
    };
    return grain("a", type).with({.timeout = 10s}).call(ITest::act);
  }
  bool comes_before(const std::string& first, const std::string& second) const {
    const auto& all = journal.lines;
    return std::find(all.begin(), all.end(), first) < std::find(all.begin(), all.end(), second);
  }
  static void plain(Grain&, UniqueFunction<void()> body) { body(); }
};

TEST_F(CallBehaviours, b16_a_method_of_four_times_the_timeout_times_out_and_its_answer_is_dropped) {
  run([&] {
    Working slow = grain("a").with({.timeout = 5s}).start(ITest::work, "slow", 20'000);
    const Duration took = time_of([&] { EXPECT_EQ(code_of(slow.get()), Errc::timeout); });
    EXPECT_GE(took, 4500ms);
    EXPECT_LE(took, 17500ms);
    EXPECT_EQ(silo().pending_calls(), 0u);
    EXPECT_EQ(time_of([&] { EXPECT_EQ(code_of(slow.get()), Errc::timeout); }), 0s);
    pass(20s);
    EXPECT_EQ(journal.count("a slow-"), 1);
    EXPECT_EQ(code_of(slow.get()), Errc::timeout);
  });
}

TEST_F(CallBehaviours, b16_the_default_timeout_is_thirty_seconds) {
  run([&] {
    EXPECT_EQ(time_of([&] {
      EXPECT_EQ(code_of(grain("a").call(ITest::work, "slow", 120'000)), Errc::timeout);
    }), 30s);
  });
}

TEST_F(CallBehaviours, b16_a_method_has_its_own_timeout) {
  run([&] {
    EXPECT_EQ(time_of([&] {
      EXPECT_EQ(code_of(grain("a").call(ITest::quick, "slow", 1000)), Errc::timeout);
    }), 200ms);
  });
}

TEST_F(CallBehaviours, b16_a_queued_request_that_expired_is_never_run) {
  run([&] {
    Working slow = grain("a").start(ITest::work, "slow", 3000);
    EXPECT_EQ(code_of(grain("a").with({.timeout = 1s}).call(ITest::work, "late", 0)),
              Errc::timeout);
    slow.take().value();
    pass(1s);
    EXPECT_EQ(journal.count("a late+"), 0);
  });
}

TEST_F(CallBehaviours, b16_a_one_way_call_returns_at_once_and_reports_nothing) {
  run([&] {
    EXPECT_EQ(time_of([&] {
      EXPECT_TRUE(grain("a").call(ITest::note, "n"));
      grain("a").tell(ITest::fail, "nobody hears it");
    }), 0s);
    pass(1ms);
    EXPECT_EQ(journal.count("a n"), 1);
  });
}

TEST_F(CallBehaviours, b17_an_exception_of_a_method_is_rethrown_as_itself) {
  run([&] {
    const auto failed = grain("a").call(ITest::fail, "text");
    EXPECT_EQ(code_of(failed), Errc::grain_failed);
    EXPECT_EQ(failed.error().failure->type_name, "test.TestError");
    EXPECT_THROW(failed.value(), TestError);
  });
}

TEST_F(CallBehaviours, b17_an_error_of_a_method_reaches_the_caller_with_its_code) {
  run([&] {
    const auto code = static_cast<std::uint8_t>(Errc::capacity);
    EXPECT_EQ(code_of(grain("a").call(ITest::refuse, code)), Errc::capacity);
  });
}

TEST_F(CallBehaviours, b19_a_cycle_of_calls_waits_for_itself_until_the_timeout) {
  run([&] {
    EXPECT_EQ(time_of([&] { EXPECT_EQ(code_of(cycle("test", plain)), Errc::timeout); }), 10s);
  });
}

TEST_F(CallBehaviours, b19_a_cycle_of_calls_completes_in_a_reentrant_class) {
  run([&] { EXPECT_TRUE(cycle("reentrant", plain)); });
}

TEST_F(CallBehaviours, b19_a_cycle_of_calls_completes_where_may_interleave_says_so) {
  class_options.may_interleave = [](const RequestView& request) {
    return request.method().id == ITest::activation.id;
  };
  run([&] { EXPECT_TRUE(cycle("test", plain)); });
}

TEST_F(CallBehaviours, b19_a_cycle_of_calls_completes_within_allow_call_chain_reentrancy) {
  run([&] {
    EXPECT_TRUE(cycle("test", [](Grain& self, UniqueFunction<void()> body) {
      const AllowCallChainReentrancy allowed{self};
      body();
    }));
  });
}

TEST_F(CallBehaviours, b19_a_cycle_of_calls_waits_again_within_suppress_call_chain_reentrancy) {
  run([&] {
    const auto failed = cycle("test", [](Grain& self, UniqueFunction<void()> body) {
      const AllowCallChainReentrancy allowed{self};
      const SuppressCallChainReentrancy suppressed{self};
      body();
    });
    EXPECT_EQ(code_of(failed), Errc::timeout);
  });
}

TEST_F(CallBehaviours, b19_call_chain_reentrancy_does_not_let_another_chain_in) {
  script.on_act = [&](Grain& self, CancellationToken) -> Result<void> {
    const AllowCallChainReentrancy allowed{self};
    return sleep_for(scheduler(), 1s);
  };
  run([&] {
    auto acting = grain("a").start(ITest::act);
    pass(1ms);
    EXPECT_EQ(time_of([&] { grain("a").call(ITest::add, 1).value(); }), 999ms);
    acting.take().value();
  });
}

TEST_F(CallBehaviours, b19_call_chain_reentrancy_ends_with_its_scope) {
  script.on_act = [&](Grain& self, CancellationToken) -> Result<void> {
    if (self.id().key() == "b") {
      pass(1ms);
      grain("a").call(ITest::activation).value();
      return {};
    }
    CallFuture<void> calling;
    {
      const AllowCallChainReentrancy allowed{self};
      calling = grain("b").start(ITest::act);
    }
    calling.take().value();
    return {};
  };
  run([&] {
    EXPECT_EQ(code_of(grain("a").with({.timeout = 10s}).call(ITest::act)), Errc::timeout);
  });
}

TEST_F(CallBehaviours, b19_an_open_call_chain_passes_also_where_may_interleave_says_no) {
  class_options.may_interleave = [](const RequestView&) { return false; };
  run([&] {
    EXPECT_TRUE(cycle("test", [](Grain& self, UniqueFunction<void()> body) {
      const AllowCallChainReentrancy allowed{self};
      body();
    }));
  });
}

TEST_F(CallBehaviours, b20_requests_do_not_interleave_by_default) {
  run([&] {
    Working first = grain("a").start(ITest::work, "1", 10);
    Working second = grain("a").start(ITest::work, "2", 10);
    static_cast<void>(first.take());
    static_cast<void>(second.take());
    EXPECT_EQ(lines(), (std::vector<std::string>{"a activate", "a 1+", "a 1-", "a 2+", "a 2-"}));
  });
}

TEST_F(CallBehaviours, b20_always_interleaving_requests_overtake_and_block_nobody) {
  run([&] {
    Working first = grain("a").start(ITest::always, "always", 30);
    Working second = grain("a").start(ITest::work, "work", 10);
    Working third = grain("a").start(ITest::work, "later", 10);
    Working fourth = grain("a").start(ITest::always, "passes", 1);
    static_cast<void>(first.take());
    static_cast<void>(third.take());
    EXPECT_TRUE(comes_before("a passes-", "a work-"));
    EXPECT_TRUE(comes_before("a work-", "a later+"));
    EXPECT_TRUE(comes_before("a later-", "a always-"));
  });
}

TEST_F(CallBehaviours, b20_read_only_requests_interleave_with_each_other_only) {
  run([&] {
    Working first = grain("a").start(ITest::read, "r1", 10);
    Working second = grain("a").start(ITest::work, "w", 10);
    Working third = grain("a").start(ITest::read, "r2", 20);
    EXPECT_EQ(time_of([&] { third.take().value(); }), 20ms);
    EXPECT_TRUE(first.ready());
    EXPECT_EQ(journal.count("a w-"), 0);
    EXPECT_EQ(time_of([&] { second.take().value(); }), 10ms);
  });
}

TEST_F(CallBehaviours, b20_a_read_only_request_waits_for_one_that_writes) {
  run([&] {
    Working writing = grain("a").start(ITest::work, "w", 10);
    EXPECT_EQ(time_of([&] { grain("a").call(ITest::read, "r", 10).value(); }), 20ms);
    writing.take().value();
  });
}

TEST_F(CallBehaviours, b20_a_throwing_may_interleave_refuses_the_request) {
  class_options.may_interleave = [](const RequestView&) -> bool { throw TestError{"no"}; };
  run([&] {
    Working first = grain("a").start(ITest::work, "1", 10);
    pass(1ms);
    EXPECT_EQ(code_of(grain("a").call(ITest::work, "2", 10)), Errc::rejected);
    first.take().value();
  });
}

TEST_F(CallBehaviours, b20_requests_past_the_hard_limit_are_refused_as_overloaded) {
  options.enqueued_requests_hard_max = 2;
  run([&] {
    Working first = grain("a").start(ITest::work, "1", 10);
    Working second = grain("a").start(ITest::work, "2", 10);
    EXPECT_EQ(code_of(grain("a").call(ITest::work, "3", 10)), Errc::overloaded);
    EXPECT_EQ(second.take().value(), "2");
    first.take().value();
  });
}

TEST_F(CallBehaviours, b22_a_call_with_a_cancelled_token_is_never_sent) {
  run([&] {
    CancellationSource source{scheduler()};
    source.cancel();
    EXPECT_EQ(code_of(grain("a").with({.token = source.token()}).call(ITest::work, "w", 10)),
              Errc::cancelled);
    EXPECT_TRUE(lines().empty());
  });
}

TEST_F(CallBehaviours, b22_a_queued_request_that_is_cancelled_is_taken_out) {
  run([&] {
    CancellationSource source{scheduler()};
    Working first = grain("a").start(ITest::work, "first", 100);
    Working queued = grain("a").with({.token = source.token()}).start(ITest::work, "queued", 10);
    pass(10ms);
    source.cancel();
    EXPECT_EQ(time_of([&] { EXPECT_EQ(code_of(queued.get()), Errc::cancelled); }), 0s);
    first.take().value();
    pass(1s);
    EXPECT_EQ(journal.count("a queued+"), 0);
  });
}

TEST_F(CallBehaviours, b22_a_running_request_that_is_cancelled_sees_its_token) {
  for (const std::uint32_t workers : {1u, 4u}) {
    journal.lines.clear();
    run([&] {
      CancellationSource source{scheduler()};
      Working running = grain("a").with({.token = source.token()}).start(ITest::work, "w", 100);
      pass(10ms);
      source.cancel();
      EXPECT_EQ(code_of(running.get()), Errc::cancelled);
      pass(1ms);
      EXPECT_EQ(journal.count("a w!"), 1);
    }, workers);
  }
}

TEST_F(CallBehaviours, b22_a_request_that_is_cancelled_as_its_turn_begins_learns_it) {
  for (const std::uint32_t workers : {1u, 4u}) {
    run([&] {
      // Often enough for every order of the cancellation, the delivery and the turn.
      for (int i = 0; i < 50; ++i) {
        CancellationSource source{scheduler()};
        const Ref called = grain("g" + std::to_string(i));
        called.call(ITest::add, 1).value();
        Working work = called.with({.token = source.token()}).start(ITest::work, "w", 10);
        source.cancel();
        EXPECT_EQ(code_of(work.get()), Errc::cancelled);
        pass(1s);
        EXPECT_EQ(journal.count("g" + std::to_string(i) + " w-"), 0);
      }
    }, workers);
  }
}

TEST_F(CallBehaviours, b23_the_request_context_flows_to_the_callee_and_not_back) {
  std::string seen;
  script.on_act = [&](Grain&, CancellationToken) -> Result<void> {
    RequestContext& context = request_context(scheduler());
    const std::string* found = context.find("k");
    seen += found != nullptr ? *found : "-";
    context.set("k", "changed");
    return {};
  };
  run([&] {
    ClientScope client{scheduler()};
    client.context().set("k", "v");
    grain("a").call(ITest::act).value();
    EXPECT_EQ(seen, "v");
    EXPECT_EQ(*client.context().find("k"), "v");
  });
}

TEST_F(CallBehaviours, b23_child_fibers_of_a_request_share_its_context_and_end_before_it) {
  std::string seen;
  script.on_act = [&](Grain&, CancellationToken) -> Result<void> {
    request_context(scheduler()).set("k", "v");
    with_scope(scheduler(), "children", [&](Scope& scope) {
      for (int i = 0; i < 3; ++i) {
        scope.spawn([&] {
          sleep_for(scheduler(), 5ms).value();
          seen += *request_context(scheduler()).find("k");
        });
      }
    });
    seen += "end";
    return {};
  };
  run([&] { grain("a").call(ITest::act).value(); });
  EXPECT_EQ(seen, "vvvend");
}

TEST_F(CallBehaviours, b23_when_any_gives_the_first_and_when_all_waits_for_every_call) {
  run([&] {
    std::vector<Working> calls;
    for (const std::int64_t span : {30, 10, 20}) {
      calls.push_back(grain(std::to_string(span)).start(ITest::work, "w", span));
    }
    EXPECT_EQ(when_any(std::span{calls}).value(), 1u);
    EXPECT_EQ(time_of([&] { when_all(std::span{calls}).value(); }), 20ms);
    EXPECT_TRUE(calls[0].ready());
  });
}

}  // namespace
}  // namespace thresher::runtime
