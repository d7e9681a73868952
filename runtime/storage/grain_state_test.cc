// Persistent state in a grain's life: read before activation, conflicts, failing storage.
#include "thresher/runtime/storage/grain_state.h"

#include "thresher/runtime/grain/silo.h"
#include "thresher/runtime/storage/storage_test_support.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace thresher::runtime {
namespace {

using storage_test::ScriptedStorage;
using Fault = ScriptedStorage::Fault;

struct IAccount : Interface<"test.Account"> {
  using Key = std::string;
  static constexpr auto deposit = method<"deposit", std::int64_t(std::int64_t)>();
  static constexpr auto seen_at_activation = method<"seen_at_activation", std::int64_t()>();
  static constexpr auto forget = method<"forget", void()>();
};

class Account final : public Grain {
 public:
  Account(GrainContext& context, GrainStorage& storage)
      : Grain{context}, balance_{context, storage, "balance"} {}
  static void bind(MethodTable<Account>& table) {
    table.on(IAccount::deposit, &Account::deposit)
        .on(IAccount::seen_at_activation, &Account::seen_at_activation)
        .on(IAccount::forget, &Account::forget);
  }

  Result<void> on_activate(CancellationToken) override {
    seen_at_activation_ = balance_.state();
    return {};
  }
  std::int64_t deposit(std::int64_t amount) {
    balance_.state() += amount;
    balance_.write().value();
    return balance_.state();
  }
  std::int64_t seen_at_activation() { return seen_at_activation_; }
  void forget() { deactivate_on_idle(); }

 private:
  GrainState<std::int64_t> balance_;
  std::int64_t seen_at_activation_ = -1;
};

struct ITeller : Interface<"test.Teller"> {
  static constexpr auto deposit = method<"deposit", std::int64_t(std::int64_t)>();
  static constexpr auto served = method<"served", std::int32_t()>();
};

/// Passes on to an account, and lets what that throws leave its own turn.
class Teller final : public Grain {
 public:
  explicit Teller(GrainContext& context) : Grain{context} {}
  static void bind(MethodTable<Teller>& table) {
    table.on(ITeller::deposit, &Teller::deposit).on(ITeller::served, &Teller::served);
  }
  std::int64_t deposit(std::int64_t amount) {
    ++served_;
    return get_grain<IAccount>("7").call(IAccount::deposit, amount).value();
  }
  std::int32_t served() { return served_; }

 private:
  std::int32_t served_ = 0;
};

class GrainStateTest : public testing::Test {
 protected:
  /// Runs `body(account)` as the main fiber of a world with a silo and a scripted storage.
  template <typename F>
  void run(F body) {
    const sim::RunResult result = world.run([&] {
      Silo silo{world.services()};
      silo.add_service<GrainStorage>(storage);
      silo.register_grain<Account>("account", [](GrainContext& context, GrainStorage& taken) {
        return std::make_unique<Account>(context, taken);
      });
      silo.register_grain<Teller>("teller");
      ASSERT_TRUE(silo.start());
      teller = silo.get_grain<ITeller>("t");
      body(silo.get_grain<IAccount>("7"));
      EXPECT_TRUE(silo.stop());
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.message;
  }
  /// Writes the record behind the grain's back, as a second activation elsewhere would.
  void write_elsewhere(std::int64_t value) {
    PersistentState<std::int64_t> rival{world.services(), storage, "balance", "account/7"};
    EXPECT_TRUE(rival.read());
    rival.state() = value;
    EXPECT_TRUE(rival.write());
  }

  sim::Engine engine;
  sim::World world{engine, {.seed = 1}};
  ScriptedStorage storage{world.services()};
  GrainRef<ITeller> teller;
};

TEST_F(GrainStateTest, is_read_before_the_grain_activates) {
  run([&](const GrainRef<IAccount>& account) {
    write_elsewhere(40);
    EXPECT_EQ(account.call(IAccount::seen_at_activation).value(), 40);
    EXPECT_EQ(account.call(IAccount::deposit, 2).value(), 42);
  });
}

TEST_F(GrainStateTest, is_there_again_in_the_next_activation) {
  run([&](const GrainRef<IAccount>& account) {
    EXPECT_EQ(account.call(IAccount::deposit, 5).value(), 5);
    EXPECT_TRUE(account.call(IAccount::forget));
    EXPECT_EQ(account.call(IAccount::seen_at_activation).value(), 5);
  });
}

TEST_F(GrainStateTest, fails_the_activation_with_the_error_of_the_read) {
  run([&](const GrainRef<IAccount>& account) {
    storage.fault = Fault::before;
    const auto answer = account.call(IAccount::deposit, 1);
    ASSERT_FALSE(answer.has_value());
    EXPECT_THROW(answer.value(), ErrorException);
  });
}

TEST_F(GrainStateTest, gives_the_caller_the_conflict_and_the_next_call_what_is_stored) {
  run([&](const GrainRef<IAccount>& account) {
    EXPECT_EQ(account.call(IAccount::deposit, 1).value(), 1);
    write_elsewhere(100);
    EXPECT_THROW(account.call(IAccount::deposit, 1).value(), InconsistentStateError);
    EXPECT_EQ(account.call(IAccount::seen_at_activation).value(), 100);
    EXPECT_EQ(account.call(IAccount::deposit, 1).value(), 101);
  });
}

TEST_F(GrainStateTest, deactivates_the_activation_that_conflicted_and_not_its_caller) {
  run([&](const GrainRef<IAccount>&) {
    EXPECT_EQ(teller.call(ITeller::deposit, 1).value(), 1);
    write_elsewhere(100);
    EXPECT_THROW(teller.call(ITeller::deposit, 1).value(), InconsistentStateError);
    EXPECT_EQ(teller.call(ITeller::served).value(), 2);
    EXPECT_EQ(teller.call(ITeller::deposit, 1).value(), 101);
  });
}

}  // namespace
}  // namespace thresher::runtime
