// A model of PersistentState, run against the real one by RapidCheck's state machine: any sequence
// of changes, reads, writes and clears of one activation, of a rival that writes the same record,
// and of storage failures before and after they are applied.
#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/storage/persistent_state.h"
#include "thresher/runtime/storage/storage_test_support.h"
#include "thresher/sim/world.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/state.h>

#include <cstdint>
#include <optional>
#include <ostream>

namespace thresher::property_tests {
namespace {

using runtime::Errc;
using runtime::PersistentState;
using runtime::Result;
using runtime::storage_test::ScriptedStorage;
using runtime::storage_test::ThreadHost;
using Fault = ScriptedStorage::Fault;

/// What must be true: the record with its version, and what the activation believes.
struct Model {
  std::optional<std::int64_t> record;
  std::int64_t version = 0;  ///< Counts changes of the record; never goes back.
  std::int64_t value = 0;
  std::int64_t seen_version = 0;
  bool believes_in_record = false;
  Fault fault = Fault::none;

  bool conflicts() const { return seen_version != version; }
};

struct System {
  explicit System(const runtime::Services& services)
      : storage{services},
        state{services, storage, "count", "counter/1"},
        rival{services, storage, "count", "counter/1"} {}

  ScriptedStorage storage;
  PersistentState<std::int64_t> state;
  PersistentState<std::int64_t> rival;
};

using Command = rc::state::Command<Model, System>;

/// The part of an operation that is the same for all: the scripted fault, and the end's invariants.
class Operation : public Command {
 public:
  void apply(Model& model) const final {
    const Fault fault = std::exchange(model.fault, Fault::none);
    if (fault == Fault::none || fault == Fault::after) act(model, fault == Fault::after);
  }
  void run(const Model& before, System& system) const final {
    const Result<void> result = call(system.state);
    Model after = before;
    apply(after);
    RC_ASSERT(result.has_value() == succeeds(before));
    if (!result) {
      const bool conflict = before.fault == Fault::none;
      RC_ASSERT(result.error().code ==
                (conflict ? Errc::inconsistent_state : Errc::storage_failed));
    }
    RC_ASSERT(system.state.state() == after.value);
    RC_ASSERT(system.state.record_exists() == after.believes_in_record);
    RC_ASSERT(system.state.etag().empty() == !after.believes_in_record);
  }

 protected:
  virtual Result<void> call(PersistentState<std::int64_t>& state) const = 0;
  /// Changes the model as a call does that the storage applied; when `lost`, the caller did not
  /// hear of it.
  virtual void act(Model& model, bool lost) const = 0;
  virtual bool succeeds(const Model& model) const {
    return model.fault == Fault::none && !model.conflicts();
  }
};

class Write final : public Operation {
 public:
  void show(std::ostream& out) const override { out << "write"; }

 protected:
  Result<void> call(PersistentState<std::int64_t>& state) const override { return state.write(); }
  void act(Model& model, bool lost) const override {
    if (model.conflicts()) return;
    model.record = model.value;
    ++model.version;
    if (lost) return;
    model.seen_version = model.version;
    model.believes_in_record = true;
  }
};

class Clear final : public Operation {
 public:
  void show(std::ostream& out) const override { out << "clear"; }

 protected:
  Result<void> call(PersistentState<std::int64_t>& state) const override { return state.clear(); }
  void act(Model& model, bool lost) const override {
    if (model.conflicts()) return;
    if (model.record) ++model.version;
    model.record.reset();
    if (lost) return;
    model.seen_version = model.version;
    model.believes_in_record = false;
    model.value = 0;
  }
};

class Read final : public Operation {
 public:
  void show(std::ostream& out) const override { out << "read"; }

 protected:
  Result<void> call(PersistentState<std::int64_t>& state) const override { return state.read(); }
  void act(Model& model, bool lost) const override {
    if (lost) return;
    model.value = model.record.value_or(0);
    model.seen_version = model.version;
    model.believes_in_record = model.record.has_value();
  }
  bool succeeds(const Model& model) const override { return model.fault == Fault::none; }
};

class Change final : public Command {
 public:
  void apply(Model& model) const override { model.value = value_; }
  void run(const Model&, System& system) const override { system.state.state() = value_; }
  void show(std::ostream& out) const override { out << "change to " << value_; }

 private:
  std::int64_t value_ = *rc::gen::arbitrary<std::int64_t>();
};

/// Another activation of the grain, which must not exist but may, reads and writes.
class RivalWrites final : public Command {
 public:
  void checkPreconditions(const Model& model) const override { RC_PRE(model.fault == Fault::none); }
  void apply(Model& model) const override {
    model.record = value_;
    ++model.version;
  }
  void run(const Model&, System& system) const override {
    RC_ASSERT(system.rival.read().has_value());
    system.rival.state() = value_;
    RC_ASSERT(system.rival.write().has_value());
  }
  void show(std::ostream& out) const override { out << "a rival writes " << value_; }

 private:
  std::int64_t value_ = *rc::gen::arbitrary<std::int64_t>();
};

class FailNext final : public Command {
 public:
  void apply(Model& model) const override { model.fault = fault_; }
  void run(const Model&, System& system) const override { system.storage.fault = fault_; }
  void show(std::ostream& out) const override {
    out << "the next call fails, kind " << static_cast<int>(fault_);
  }

 private:
  Fault fault_ = *rc::gen::element(Fault::before, Fault::after, Fault::throws);
};

TEST(PersistentStateModel, agrees_with_the_real_one_on_any_sequence) {
  ThreadHost host;
  bool agreed = false;
  host.run([&] {
    agreed = rc::check("any sequence of operations and failures", [&] {
      System system{host.services()};
      rc::state::check(Model{}, system,
                       rc::state::gen::execOneOfWithArgs<Write, Clear, Read, Change, RivalWrites,
                                                         FailNext>());
    });
  });
  EXPECT_TRUE(agreed);
}

/// Adds `count` to the record, one at a time, reading again after each conflict.
void add_ones(PersistentState<std::int64_t>& state, int count, int& conflicts) {
  for (int added = 0; added < count;) {
    ++state.state();
    const Result<void> written = state.write();
    if (written) {
      ++added;
      continue;
    }
    EXPECT_EQ(written.error().code, Errc::inconsistent_state);
    ++conflicts;
    EXPECT_TRUE(state.read());
  }
}

TEST(PersistentStateModel, loses_no_acknowledged_write_of_two_activations_in_any_schedule) {
  constexpr runtime::Duration delay = std::chrono::milliseconds{1};
  sim::Engine engine;
  int conflicts = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    sim::World world{engine, {.seed = seed}};
    std::int64_t stored = 0;
    const sim::RunResult result = world.run([&] {
      const runtime::Services& services = world.services();
      runtime::MemoryStorage storage{services, {.read_delay = delay, .write_delay = delay}};
      PersistentState<std::int64_t> one{services, storage, "count", "counter/1"};
      PersistentState<std::int64_t> two{services, storage, "count", "counter/1"};
      runtime::Scope scope{services.scheduler, "activations"};
      scope.spawn([&] { add_ones(one, 3, conflicts); });
      scope.spawn([&] { add_ones(two, 3, conflicts); });
      scope.join();
      EXPECT_TRUE(one.read());
      stored = one.state();
    });
    EXPECT_EQ(result.verdict, sim::Verdict::survived) << result.message;
    ASSERT_EQ(stored, 6) << "seed " << seed;
  }
  EXPECT_GT(conflicts, 100);
}

}  // namespace
}  // namespace thresher::property_tests
