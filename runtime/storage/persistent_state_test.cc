// PersistentState: what it keeps, in which order it asks the storage, and what its errors leave.
#include "thresher/runtime/storage/persistent_state.h"

#include "thresher/runtime/codec/fields.h"
#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/storage/storage_test_support.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace thresher::runtime {
namespace {

using storage_test::ScriptedStorage;
using Fault = ScriptedStorage::Fault;

struct Profile {
  std::string name = "nobody";
  std::int32_t visits = 0;
  static constexpr auto fields = thresher::runtime::fields(field<1>("name", &Profile::name),
                                                           field<2>("visits", &Profile::visits));
};

using State = PersistentState<Profile>;

class PersistentStateTest : public testing::Test {
 protected:
  template <typename F>
  void run(F body) {
    host.run(Task{std::move(body)});
  }
  State make(const char* name = "profile") {
    return State{host.services(), storage, name, "user/1"};
  }
  /// What a fresh activation would see.
  Profile stored(const char* name = "profile") {
    State fresh{host.services(), storage, name, "user/1"};
    EXPECT_TRUE(fresh.read());
    return fresh.state();
  }
  static Errc code(const Result<void>& result) { return result.error().code; }

  storage_test::ThreadHost host;
  ScriptedStorage storage{host.services()};
};

TEST_F(PersistentStateTest, starts_with_the_default_value_and_no_record) {
  run([&] {
    State state = make();
    EXPECT_TRUE(state.read());
    EXPECT_EQ(state.state().name, "nobody");
    EXPECT_FALSE(state.record_exists());
    EXPECT_EQ(state.etag(), "");
  });
}

TEST_F(PersistentStateTest, gives_a_later_activation_what_was_written) {
  run([&] {
    State state = make();
    state.state() = {"ann", 3};
    EXPECT_TRUE(state.write());
    EXPECT_TRUE(state.record_exists());
    EXPECT_NE(state.etag(), "");
    EXPECT_EQ(stored().name, "ann");
  });
}

TEST_F(PersistentStateTest, keeps_several_states_of_one_grain_apart) {
  run([&] {
    State profile = make("profile");
    State shadow = make("shadow");
    profile.state().name = "ann";
    shadow.state().name = "nna";
    EXPECT_TRUE(profile.write());
    EXPECT_TRUE(shadow.write());
    EXPECT_EQ(stored("profile").name, "ann");
    EXPECT_EQ(stored("shadow").name, "nna");
  });
}

TEST_F(PersistentStateTest, forgets_value_and_record_when_cleared) {
  run([&] {
    State state = make();
    state.state().name = "ann";
    EXPECT_TRUE(state.write());
    EXPECT_TRUE(state.clear());
    EXPECT_FALSE(state.record_exists());
    EXPECT_EQ(state.etag(), "");
    EXPECT_EQ(state.state().name, "nobody");
    EXPECT_EQ(stored().name, "nobody");
  });
}

TEST_F(PersistentStateTest, keeps_the_value_when_a_write_fails_and_stores_it_when_retried) {
  run([&] {
    State state = make();
    state.state().name = "ann";
    storage.fault = Fault::before;
    EXPECT_EQ(code(state.write()), Errc::storage_failed);
    EXPECT_EQ(state.state().name, "ann");
    EXPECT_TRUE(state.write());
    EXPECT_EQ(stored().name, "ann");
  });
}

TEST_F(PersistentStateTest, conflicts_with_its_own_write_whose_answer_was_lost_until_it_reads) {
  run([&] {
    State state = make();
    state.state().name = "ann";
    storage.fault = Fault::after;
    storage.error = Errc::timeout;
    EXPECT_EQ(code(state.write()), Errc::timeout);
    EXPECT_EQ(code(state.write()), Errc::inconsistent_state);
    EXPECT_TRUE(state.read());
    EXPECT_TRUE(state.write());
  });
}

TEST_F(PersistentStateTest, throws_a_typed_conflict_that_names_this_activation_as_its_source) {
  run([&] {
    State one = make();
    State two = make();
    EXPECT_TRUE(one.write());
    try {
      two.write().value();
      ADD_FAILURE() << "no conflict";
    } catch (const InconsistentStateError& conflict) {
      EXPECT_TRUE(conflict.source());
    }
  });
}

TEST_F(PersistentStateTest, goes_on_conflicting_until_it_reads_again) {
  run([&] {
    State one = make();
    State two = make();
    EXPECT_TRUE(one.write());
    two.state().name = "two";
    EXPECT_EQ(code(two.write()), Errc::inconsistent_state);
    EXPECT_EQ(code(two.clear()), Errc::inconsistent_state);
    EXPECT_EQ(two.state().name, "two");
    EXPECT_TRUE(two.read());
    EXPECT_EQ(two.state().name, "nobody");
    EXPECT_TRUE(two.write());
  });
}

TEST_F(PersistentStateTest, takes_a_provider_that_throws_for_one_that_failed) {
  run([&] {
    State state = make();
    storage.fault = Fault::throws;
    EXPECT_EQ(code(state.read()), Errc::storage_failed);
    EXPECT_TRUE(state.read());
  });
}

TEST_F(PersistentStateTest, does_not_let_a_provider_speak_of_the_devices_capacity) {
  run([&] {
    State state = make();
    storage.fault = Fault::before;
    storage.error = Errc::capacity;
    EXPECT_EQ(code(state.write()), Errc::storage_failed);
  });
}

TEST_F(PersistentStateTest, keeps_value_and_etag_when_the_record_does_not_decode) {
  run([&] {
    State state = make();
    state.state().name = "ann";
    EXPECT_TRUE(state.write());
    const std::string etag = state.etag();
    const Bytes broken{std::byte{0xc1}};
    EXPECT_TRUE(storage.write({"profile", "user/1"}, broken, etag));
    EXPECT_EQ(code(state.read()), Errc::decode_failed);
    EXPECT_EQ(state.state().name, "ann");
    EXPECT_EQ(state.etag(), etag);
  });
}

TEST_F(PersistentStateTest, asks_the_storage_for_one_thing_at_a_time) {
  run([&] {
    State state = make();
    Scope scope{host.services().scheduler, "operations"};
    scope.spawn([&] { EXPECT_TRUE(state.write()); });
    scope.spawn([&] { EXPECT_TRUE(state.read()); });
    scope.spawn([&] { EXPECT_TRUE(state.clear()); });
    scope.join();
    EXPECT_EQ(storage.busy_max, 1);
  });
}

TEST_F(PersistentStateTest, writes_once_for_all_writes_that_were_queued_together) {
  run([&] {
    State state = make();
    Scope scope{host.services().scheduler, "writes"};
    for (int i = 1; i <= 5; ++i) {
      scope.spawn([&state, i] {
        state.state().visits = i;
        EXPECT_TRUE(state.write());
      });
    }
    scope.join();
    EXPECT_EQ(storage.writes, 2);  // The first had started before the others came.
    EXPECT_EQ(stored().visits, 5);
  });
}

TEST_F(PersistentStateTest, still_writes_after_a_clear_that_was_queued_before_it) {
  run([&] {
    State state = make();
    Scope scope{host.services().scheduler, "operations"};
    scope.spawn([&] { EXPECT_TRUE(state.write()); });
    scope.spawn([&] { EXPECT_TRUE(state.write()); });
    scope.spawn([&] { EXPECT_TRUE(state.clear()); });
    scope.spawn([&] { EXPECT_TRUE(state.write()); });
    scope.join();
    EXPECT_TRUE(state.record_exists());
  });
}

TEST_F(PersistentStateTest, tries_a_queued_write_itself_when_the_one_before_it_failed) {
  run([&] {
    State state = make();
    storage.fault = Fault::before;
    std::vector<bool> done;
    Scope scope{host.services().scheduler, "writes"};
    for (int i = 0; i < 2; ++i) {
      scope.spawn([&] { done.push_back(state.write().has_value()); });
    }
    scope.join();
    EXPECT_EQ(done, (std::vector<bool>{false, true}));
  });
}

TEST_F(PersistentStateTest, gives_up_waiting_for_its_turn_when_cancelled) {
  run([&] {
    State state = make();
    CancellationSource source{host.services().scheduler};
    Scope scope{host.services().scheduler, "operations"};
    scope.spawn([&] { EXPECT_TRUE(state.write()); });
    scope.spawn([&] { EXPECT_EQ(code(state.read(source.token())), Errc::cancelled); });
    scope.spawn([&] { source.cancel(); });
    scope.join();
    EXPECT_EQ(storage.reads, 0);
  });
}

}  // namespace
}  // namespace thresher::runtime
