// Configuration of a silo, what shows at its start, and references.
#include "thresher/runtime/grain/silo.h"

#include "thresher/runtime/grain/grain_world_test.h"

#include <algorithm>

namespace thresher::runtime {
namespace {

using namespace std::chrono_literals;
using namespace testing_support;

struct IHalf : Interface<"test.Half"> {
  static constexpr auto bound = method<"bound", void()>();
  static constexpr auto unbound = method<"unbound", void()>();
  static constexpr auto methods = method_table(bound, unbound);
};
struct INumbered : Interface<"test.Numbered"> {
  using Key = std::int64_t;
  static constexpr auto key = method<"key", std::string()>();
};
struct INamed : Interface<"test.Named"> {
  using Key = Guid;
  static constexpr auto key = method<"key", std::string()>();
};

class HalfGrain final : public Grain {
 public:
  using Grain::Grain;
  static void bind(MethodTable<HalfGrain>& table) {
    table.implements<IHalf>().on(IHalf::bound, &HalfGrain::bound);
  }
  void bound() {}
};
class KeyGrain final : public Grain {
 public:
  using Grain::Grain;
  static void bind(MethodTable<KeyGrain>& table) {
    table.on(INumbered::key, &KeyGrain::key).on(INamed::key, &KeyGrain::key);
  }
  std::string key() const { return std::string{id().key()}; }
};
struct Device {
  int number = 0;
};

class SiloStart : public ::testing::Test {
 protected:
  /// The words of all problems that starting a silo so set up finds.
  std::string problems(std::function<void(Silo&)> set_up, SiloOptions options = {}) {
    std::string words;
    sim::World world{engine, {}};
    world.run([&] {
      Silo silo{world.services(), options};
      set_up(silo);
      const Result<void> started = silo.start();
      for (const std::string& problem : silo.problems()) words += problem + "\n";
      EXPECT_EQ(words.empty(), started.has_value());
      EXPECT_TRUE(started || started.error().code == Errc::configuration);
      static_cast<void>(silo.stop());
    });
    return words;
  }
  static void take_device(Silo& silo) {
    silo.register_grain<KeyGrain>("key", [](GrainContext& context, Device&) {
      return std::make_unique<KeyGrain>(context);
    });
  }
  static bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }
  sim::Engine engine;
  Device first{1};
  Device second{2};
};

TEST_F(SiloStart, succeeds_when_everything_is_there) {
  EXPECT_EQ(problems([&](Silo& silo) {
    silo.add_service(first);
    take_device(silo);
  }), "");
}

TEST_F(SiloStart, finds_methods_of_a_claimed_interface_that_are_not_bound) {
  const std::string words = problems([](Silo& silo) { silo.register_grain<HalfGrain>("half"); });
  EXPECT_TRUE(contains(words, "does not bind test.Half.unbound")) << words;
}

TEST_F(SiloStart, finds_missing_services) {
  EXPECT_TRUE(contains(problems(take_device), "0 are registered"));
}

TEST_F(SiloStart, finds_ambiguous_services) {
  const std::string words = problems([&](Silo& silo) {
    silo.add_service(first, "one");
    silo.add_service(second, "two");
    take_device(silo);
  });
  EXPECT_TRUE(contains(words, "2 are registered")) << words;
}

TEST_F(SiloStart, gives_a_named_service_to_who_names_it) {
  int seen = 0;
  sim::World world{engine, {}};
  world.run([&] {
    Silo silo{world.services()};
    silo.add_service(first, "one");
    silo.add_service(second, "two");
    silo.register_grain<KeyGrain>("key", [&](GrainContext& context, Named<Device, "two"> device) {
      seen = device->number;
      return std::make_unique<KeyGrain>(context);
    });
    silo.start().value();
    silo.get_grain<INumbered>(1).call(INumbered::key).value();
    silo.stop().value();
  });
  EXPECT_EQ(seen, 2);
}

TEST_F(SiloStart, finds_types_registered_twice_and_bad_names) {
  const std::string words = problems([](Silo& silo) {
    silo.register_grain<KeyGrain>("key");
    silo.register_grain<KeyGrain>("key");
    silo.register_grain<KeyGrain>("a/b");
  });
  EXPECT_TRUE(contains(words, "registered twice")) << words;
  EXPECT_TRUE(contains(words, "holds no slash")) << words;
}

TEST_F(SiloStart, finds_collection_ages_that_are_not_above_the_quantum) {
  const auto age_of_class = [](Silo& silo) {
    silo.register_grain<KeyGrain>("key", {.collection_age = 1min});
  };
  EXPECT_TRUE(contains(problems(age_of_class), "class 'key' is not above"));
  EXPECT_TRUE(contains(problems([](Silo&) {}, {.collection_age = 30s}), "the silo is not above"));
}

class References : public SiloTest {
 protected:
  References() {
    more_set_up = [](Silo& made) { made.register_grain<KeyGrain>("key"); };
  }
};

TEST_F(References, to_an_ambiguous_interface_fail_where_they_are_made) {
  run([&] {
    EXPECT_EQ(silo().find_grain<ITest>("a").error().code, Errc::configuration);
    EXPECT_THROW(silo().get_grain<ITest>("a"), ErrorException);
    EXPECT_TRUE(silo().find_grain<ITest>("a", "test"));
  });
}

TEST_F(References, to_an_interface_that_no_class_serves_fail_where_they_are_made) {
  run([&] { EXPECT_EQ(silo().find_grain<IHalf>("a").error().code, Errc::configuration); });
}

TEST_F(References, are_equal_when_their_grains_are_whatever_the_interface) {
  run([&] {
    EXPECT_EQ(grain("a"), grain("a"));
    EXPECT_EQ(grain("a"), grain("a").as<IHalf>());
    EXPECT_NE(grain("a"), grain("b"));
    EXPECT_NE(grain("a"), grain("a", "reentrant"));
  });
}

TEST_F(References, take_the_kind_of_key_of_their_interface) {
  run([&] {
    const Guid guid{1, 2};
    EXPECT_EQ(silo().get_grain<INumbered>(-5).call(INumbered::key).value(), "-5");
    EXPECT_EQ(silo().get_grain<INamed>(guid).call(INamed::key).value(), guid.text());
  });
}

TEST_F(References, used_by_an_interface_that_the_class_lacks_fail_at_the_call) {
  run([&] {
    const auto failed = grain("a").as<IHalf>().call(IHalf::bound);
    EXPECT_EQ(failed.error().error.code, Errc::unsupported);
  });
}

TEST_F(References, to_a_type_that_nobody_registered_fail_at_the_call) {
  run([&] {
    const auto failed = silo().refer_to<ITest>(GrainId{"nobody", "a"}).call(ITest::add, 1);
    EXPECT_EQ(failed.error().error.code, Errc::not_found);
  });
}

TEST_F(References, of_a_stopped_silo_answer_that_it_is_gone) {
  run([&] {
    silo().stop().value();
    EXPECT_EQ(grain("a").call(ITest::add, 1).error().error.code, Errc::process_gone);
  });
}

}  // namespace
}  // namespace thresher::runtime
