// A grain of one's own, and the hunt for its bug: withdrawals that interleave.
//
// The account is reentrant and waits between its check and its subtraction, so that two withdrawals
// can both pass the check. Seeds are tried until one shows it; that seed shows it every time.
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/grain/grain.h"
#include "thresher/runtime/grain/method_table.h"
#include "thresher/runtime/grain/silo.h"
#include "thresher/sim/world.h"

#include <cstdio>

using namespace thresher;

struct IAccount : runtime::Interface<"example.Account"> {
  static constexpr auto withdraw = method<"withdraw", bool(std::int64_t)>();
  static constexpr auto balance = method<"balance", std::int64_t()>({.read_only = true});
};

class Account final : public runtime::Grain {
 public:
  using Grain::Grain;
  static void bind(runtime::MethodTable<Account>& table) {
    table.on(IAccount::withdraw, &Account::withdraw).on(IAccount::balance, &Account::balance);
  }
  bool withdraw(std::int64_t amount) {
    if (balance_ < amount) return false;
    runtime::sleep_for(scheduler(), std::chrono::milliseconds{amount}).value();  // asks the bank
    balance_ -= amount;
    return true;
  }
  std::int64_t balance() { return balance_; }

 private:
  std::int64_t balance_ = 100;
};

sim::RunResult run(sim::Engine& engine, std::uint64_t seed) {
  sim::WorldOptions options;
  options.seed = seed;
  sim::World world{engine, options};
  runtime::Silo silo{world.services()};
  silo.register_grain<Account>("account", {.reentrant = true});
  return world.run([&] {
    silo.start().value();
    const auto account = silo.get_grain<IAccount>("alice");
    auto first = account.start(IAccount::withdraw, 70);
    const auto lane = world.choices().lane("work");
    const auto pause = world.choices().choose(lane, 100, THRESHER_SITE("example.pause"));
    runtime::sleep_for(world.services().scheduler, std::chrono::milliseconds{pause}).value();
    account.call(IAccount::withdraw, 60).value();
    first.get().value();
    const std::int64_t left = account.call(IAccount::balance).value();
    world.checks().always(left >= 0, "account.overdrawn",
                          [left] { return "the balance is " + std::to_string(left); });
    silo.stop().value();
  });
}

int main() {
  sim::Engine engine;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const sim::RunResult result = run(engine, seed);
    if (result.verdict == sim::Verdict::survived) continue;
    std::printf("seed %llu: %s: %s\n", static_cast<unsigned long long>(seed),
                result.label.c_str(), result.message.c_str());
    return run(engine, seed).trace_hash == result.trace_hash ? 1 : 5;
  }
  std::puts("no seed of 1000 overdraws the account");
  return 0;
}
