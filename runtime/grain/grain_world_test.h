// What the tests of the grain runtime share: a silo in a simulated world, one grain class whose
// methods do what tests ask, and a journal that everything writes into.
//
// The world has one worker unless a test asks for more; virtual time is exact.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/grain/call_chain.h"
#include "thresher/runtime/grain/silo.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace thresher::runtime::testing_support {

/// Lines in the order of their happening.
struct Journal {
  std::vector<std::string> lines;
  void add(std::string line) { lines.push_back(std::move(line)); }
  std::int64_t count(const std::string& line) const {
    return std::count(lines.begin(), lines.end(), line);
  }
};

/// What grains do besides: set by a test before it calls.
struct Script {
  std::function<void(const GrainId&)> on_construct;
  std::function<Result<void>(const GrainId&, CancellationToken)> on_activate;
  std::function<Result<void>(const GrainId&, CancellationToken)> on_deactivate;
  std::function<Result<void>(Grain&, CancellationToken)> on_act;
};

struct TestError : std::runtime_error {
  explicit TestError(const std::string& text) : std::runtime_error{text} {}
};

struct ITest : Interface<"test.Test"> {
  static constexpr auto activation = method<"activation", std::uint64_t()>();
  static constexpr auto add = method<"add", std::int64_t(std::int64_t)>();
  static constexpr auto work = method<"work", std::string(std::string, std::int64_t)>();
  static constexpr auto read = method<"read", std::string(std::string, std::int64_t)>(
      {.read_only = true});
  static constexpr auto always = method<"always", std::string(std::string, std::int64_t)>(
      {.always_interleave = true});
  static constexpr auto quick = method<"quick", std::string(std::string, std::int64_t)>(
      {.response_timeout = std::chrono::milliseconds{200}});
  static constexpr auto note = method<"note", void(std::string)>({.one_way = true});
  static constexpr auto fail = method<"fail", std::int64_t(std::string)>();
  static constexpr auto refuse = method<"refuse", std::int64_t(std::uint8_t)>();
  static constexpr auto deactivate = method<"deactivate", std::uint64_t()>();
  static constexpr auto act = method<"act", void()>();
  static constexpr auto methods = method_table(activation, add, work, read, always, quick, note,
                                               fail, refuse, deactivate, act);
};

class TestGrain final : public Grain {
 public:
  TestGrain(GrainContext& context, Journal& journal, Script& script)
      : Grain{context}, journal_{journal}, script_{script} {
    if (script_.on_construct) script_.on_construct(id());
  }
  ~TestGrain() override { log("gone"); }
  static void bind(MethodTable<TestGrain>& table) {
    table.implements<ITest>()
        .on(ITest::activation, &TestGrain::activation)
        .on(ITest::add, &TestGrain::add)
        .on(ITest::work, &TestGrain::work)
        .on(ITest::read, &TestGrain::work)
        .on(ITest::always, &TestGrain::work)
        .on(ITest::quick, &TestGrain::work)
        .on(ITest::note, &TestGrain::note)
        .on(ITest::fail, &TestGrain::fail)
        .on(ITest::refuse, &TestGrain::refuse)
        .on(ITest::deactivate, &TestGrain::deactivate)
        .on(ITest::act, &TestGrain::act);
  }

  Result<void> on_activate(CancellationToken token) override {
    log("activate");
    if (script_.on_activate) return script_.on_activate(id(), std::move(token));
    return {};
  }
  Result<void> on_deactivate(const DeactivationReason& reason, CancellationToken token) override {
    log("deactivate " + std::string{name(reason.code)});
    if (script_.on_deactivate) return script_.on_deactivate(id(), std::move(token));
    return {};
  }

  std::uint64_t activation() const { return context().activation().value; }
  std::int64_t add(std::int64_t amount) { return value_ += amount; }
  /// Works for so many milliseconds, and ends early when cancelled.
  Result<std::string> work(const std::string& label, std::int64_t milliseconds,
                           const CancellationToken& token) {
    log(label + "+");
    const Result<void> slept =
        sleep_for(scheduler(), std::chrono::milliseconds{milliseconds}, token);
    log(label + (slept ? "-" : "!"));
    if (!slept) return Unexpected{slept.error()};
    return label;
  }
  void note(const std::string& label) { log(label); }
  std::int64_t fail(const std::string& text) const { throw TestError{text}; }
  Result<std::int64_t> refuse(std::uint8_t code) const {
    return runtime::fail(static_cast<Errc>(code));
  }
  std::uint64_t deactivate() {
    deactivate_on_idle();
    return activation();
  }
  Result<void> act(const CancellationToken& token) {
    return script_.on_act ? script_.on_act(*this, token) : Result<void>{};
  }

 private:
  void log(const std::string& what) { journal_.add(std::string{id().key()} + " " + what); }

  Journal& journal_;
  Script& script_;
  std::int64_t value_ = 0;
};

class SiloTest : public ::testing::Test {
 protected:
  using Ref = GrainRef<ITest>;

  /// Runs `body` as a client of a fresh silo; afterwards the silo is stopped unless it was already.
  template <typename Body>
  sim::RunResult run(Body body, std::uint32_t workers = 1) {
    // 0 unless the tests are shuffled: shuffling and repeating explores schedules.
    const auto seed = static_cast<std::uint64_t>(::testing::UnitTest::GetInstance()->random_seed());
    sim::World world{engine, {.seed = seed, .workers = workers, .fault_points = false}};
    const sim::RunResult result = world.run([&] {
      Silo made{world.services(), options};
      scheduler_ = &world.services().scheduler;
      silo_ = &made;
      set_up(made);
      made.start().value();
      body();
      const TimePoint deadline = deadline_after(now(), std::chrono::minutes{10});
      if (made.running()) static_cast<void>(made.stop(deadline));
      silo_ = nullptr;
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.label << ": " << result.message;
    return result;
  }
  virtual void set_up(Silo& made) {
    made.add_service(journal);
    made.add_service(script);
    const auto factory = [](GrainContext& context, Journal& of_test, Script& with) {
      return std::make_unique<TestGrain>(context, of_test, with);
    };
    made.register_grain<TestGrain>("test", factory, class_options);
    made.register_grain<TestGrain>("reentrant", factory, {.reentrant = true});
    made.exceptions().add<TestError>("test.TestError").value();
    if (more_set_up) more_set_up(made);
  }

  Silo& silo() { return *silo_; }
  Scheduler& scheduler() { return *scheduler_; }
  TimePoint now() const { return scheduler_->now(); }
  Ref grain(std::string_view key, std::string_view type = "test") {
    return silo_->get_grain<ITest>(key, type);
  }
  /// Lets virtual time pass.
  void pass(Duration span) { sleep_for(scheduler(), span).value(); }
  /// How long `body` took in virtual time.
  template <typename Body>
  Duration time_of(Body body) {
    const TimePoint start = now();
    body();
    return now() - start;
  }
  std::vector<std::string> lines() const { return journal.lines; }

  sim::Engine engine;
  SiloOptions options{.verify_encoding = true};
  GrainClassOptions class_options;
  std::function<void(Silo&)> more_set_up;
  Journal journal;
  Script script;

 private:
  Silo* silo_ = nullptr;
  Scheduler* scheduler_ = nullptr;
};

}  // namespace thresher::runtime::testing_support
