// Scopes over every Scheduler: children end before their scope, and share its fiber's locals.
// However `with_scope` is left, its children have ended then.
#include "thresher/property_tests/contract/scheduler_contract.h"
#include "thresher/runtime/fiber/scope.h"

#include <stdexcept>

namespace thresher::contract {
namespace {

using namespace runtime;

TEST_P(ScopeContract, join_waits_for_every_child) {
  run([this] {
    Scope scope{scheduler, "scope"};
    for (int i = 0; i < 3; ++i) {
      scope.spawn([this, i] {
        sleep((3 - i) * tick);
        log.emplace_back("child");
      });
    }
    EXPECT_EQ(scope.running(), 3u);
    scope.join();
    EXPECT_EQ(scope.running(), 0u);
    EXPECT_EQ(log.size(), 3u);
  });
}

TEST_P(ScopeContract, join_of_no_children_returns_at_once) {
  run([this] {
    Scope scope{scheduler, "scope"};
    scope.join();
    scope.join();
  });
}

TEST_P(ScopeContract, a_child_may_start_another_one) {
  run([this] {
    Scope scope{scheduler, "scope"};
    scope.spawn([&] {
      sleep(tick);
      scope.spawn([&] {
        sleep(tick);
        log.emplace_back("grandchild");
      });
    });
    scope.join();
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(ScopeContract, children_share_the_locals_and_the_worker_of_the_scope) {
  run([this] {
    spawn([this] {
      int request = 0;
      scheduler.locals().request = &request;
      Scope scope{scheduler, "scope"};
      scope.spawn([&] {
        EXPECT_EQ(scheduler.locals().request, &request);
        EXPECT_EQ(scheduler.current_worker(), WorkerId{1});
      });
      scope.join();
    }, 1);
  });
}

TEST_P(ScopeContract, what_a_child_holds_is_gone_when_the_join_returns) {
  run([this] {
    const auto held = std::make_shared<int>(1);
    Scope scope{scheduler, "scope"};
    scope.spawn([held] { static_cast<void>(held); });
    scope.join();
    EXPECT_EQ(held.use_count(), 1);
  });
}

TEST_P(ScopeContract, with_scope_gives_the_result_after_its_children_ended) {
  run([this] {
    const int result = with_scope(scheduler, "scope", [this](Scope& scope) {
      scope.spawn([this] {
        sleep(tick);
        log.emplace_back("child");
      });
      return 5;
    });
    EXPECT_EQ(result, 5);
    EXPECT_EQ(log.size(), 1u);
  });
}

TEST_P(ScopeContract, with_scope_joins_before_an_exception_leaves_it) {
  run([this] {
    EXPECT_THROW(with_scope(scheduler, "scope",
                            [this](Scope& scope) {
                              scope.spawn([this] {
                                sleep(tick);
                                log.emplace_back("child");
                              });
                              throw std::runtime_error{"left"};
                            }),
                 std::runtime_error);
    EXPECT_EQ(log.size(), 1u);
  });
}

}  // namespace
}  // namespace thresher::contract
