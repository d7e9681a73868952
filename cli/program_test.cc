// The program's commands for one run, and what it says to wrong input: one line and exit code 2.
#include "thresher/cli/program.h"

#include "thresher/cli/fake_scenario.h"
#include "thresher/sim/tape.h"

#include <nlohmann/json.hpp>

#include <fstream>

namespace thresher::cli {
namespace {

using testing::fail_run;
using testing::FakeScenario;
using testing::ProgramTest;
using testing::Ran;
using testing::survive;

class Program : public ProgramTest {
 protected:
  Program() {
    add("demo/fine", survive);
    add("demo/odd_seeds_fail",
        [](const auto& key, const auto& options, auto& result) {
          result.drawn = {{"pool.size", "2"}};
          result.faults = {{runtime::TimePoint{runtime::Duration{1'500'000}}, "a lost reply"}};
          if (key.seed % 2 == 1) fail_run(options, result, sim::Verdict::safety, "demo.odd");
        },
        {{"demo.odd", "odd seeds fail"}});
  }

  /// One line that holds all the words, exit code 2, and nothing on standard output.
  void expect_misuse(std::vector<std::string> words, std::vector<std::string> told) {
    const Ran ran = thresher(std::move(words));
    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.out, "");
    EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1) << ran.err;
    for (const std::string& each : told) {
      EXPECT_NE(ran.err.find(each), std::string::npos) << ran.err << "lacks " << each;
    }
  }
  static std::string last_line(const std::string& text) {
    const std::size_t start = text.rfind('\n', text.size() - 2);
    return text.substr(start == text.npos ? 0 : start + 1);
  }
  void write(std::string_view name, std::string_view text) {
    std::ofstream{path(name), std::ios::binary} << text;
  }
};

TEST_F(Program, says_what_to_type_first_when_nothing_is_typed) {
  const Ran ran = thresher({});
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("./thresher campaign"), std::string::npos);
}

TEST_F(Program, lists_one_scenario_a_line_and_marks_negative_ones) {
  const Ran ran = thresher({"list"});
  EXPECT_EQ(ran.out,
            "demo/fine                      made up\n"
            "demo/odd_seeds_fail  negative  made up\n");
}

TEST_F(Program, lists_defects_when_asked_for_more) {
  EXPECT_NE(thresher({"list", "--verbose"}).out.find("demo.odd: odd seeds fail"),
            std::string::npos);
  const auto json = nlohmann::json::parse(thresher({"list", "--format", "json"}).out);
  EXPECT_EQ(json.at("scenarios").at(1).at("defects").at(0).at("label"), "demo.odd");
}

TEST_F(Program, ends_a_run_with_verdict_steps_time_and_hash) {
  const Ran ran = thresher({"run", "demo/fine", "--seed", "2"});
  EXPECT_EQ(ran.code, 0);
  const std::string line = last_line(ran.out);
  EXPECT_NE(line.find("verdict survived (exit 0)  steps "), std::string::npos) << line;
  EXPECT_NE(line.find("virtual time 1 ms  trace hash 0x"), std::string::npos) << line;
}

TEST_F(Program, tells_a_failure_with_the_invariant_first_and_the_command_last) {
  const Ran ran = thresher({"run", "demo/odd_seeds_fail", "--seed", "3"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out.find("FAIL  demo.odd: what went wrong\n"), 0u) << ran.out;
  EXPECT_NE(ran.out.find("pool.size=2"), std::string::npos);
  EXPECT_NE(ran.out.find("t=+1.5 ms  a lost reply"), std::string::npos);
  EXPECT_EQ(last_line(ran.out),
            "reproduce: ./thresher replay 0x0000000000000003 demo/odd_seeds_fail "
            "--strategy random --profile default\n");
}

TEST_F(Program, gives_the_same_run_to_the_command_it_prints) {
  const Ran ran = thresher({"run", "demo/odd_seeds_fail", "--seed", "3"});
  EXPECT_EQ(thresher({"replay", "0x3", "demo/odd_seeds_fail", "--strategy", "random"}).out,
            ran.out);
}

TEST_F(Program, judges_only_the_label_asked_for) {
  EXPECT_EQ(thresher({"run", "demo/odd_seeds_fail", "--seed", "3", "--only", "demo.other"}).code,
            0);
  const Ran ran =
      thresher({"run", "demo/odd_seeds_fail", "--seed", "3", "--only", "demo.odd"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(last_line(ran.out).find("--only demo.odd"), std::string::npos);
}

TEST_F(Program, measures_the_length_that_a_strategy_lacks) {
  const Ran ran = thresher({"run", "demo/fine", "--strategy", "pct:d=3"});
  EXPECT_NE(ran.out.find("strategy pct:d=3,k=1"), std::string::npos) << ran.out;
}

TEST_F(Program, writes_a_run_as_json) {
  const Ran ran = thresher({"run", "demo/odd_seeds_fail", "--seed", "3", "--format", "json"});
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json.at("verdict"), "safety");
  EXPECT_EQ(json.at("seed"), "0x0000000000000003");
  EXPECT_EQ(json.at("faults").at(0).at("at_ns"), 1'500'000);
}

TEST_F(Program, takes_a_commit_for_a_seed_and_prints_the_seed) {
  const Ran ran = thresher({"run", "demo/fine", "--seed", "deadbeef1"});
  EXPECT_NE(ran.out.find("(commit deadbeef1)"), std::string::npos);
}

TEST_F(Program, names_the_nearest_scenario) {
  expect_misuse({"run", "demo/fin"}, {"demo/fin", "did you mean demo/fine?", "./thresher list"});
  expect_misuse({"campaign", "fine"}, {"did you mean demo/fine?"});
}

TEST_F(Program, names_the_nearest_command) {
  expect_misuse({"campain"}, {"campain", "did you mean campaign?"});
}

TEST_F(Program, refuses_wrong_numbers) {
  expect_misuse({"run", "demo/fine", "--seed", "x"}, {"--seed x"});
  expect_misuse({"campaign", "--seeds", "0"}, {"--seeds 0", "from 1"});
  expect_misuse({"campaign", "--jobs", "none"}, {"--jobs none"});
  expect_misuse({"campaign", "--time-budget", "soon"}, {"--time-budget soon", "60s"});
  expect_misuse({"run", "demo/fine", "--strategy", "pct:d=0"}, {"--strategy pct:d=0"});
  expect_misuse({"run", "demo/fine", "--format", "xml"}, {"xml"});
}

TEST_F(Program, refuses_a_knob_that_the_scenario_does_not_have) {
  expect_misuse({"run", "demo/fine", "--knob", "a=1"}, {"demo/fine", "'a'"});
  expect_misuse({"run", "demo/fine", "--knob", "a"}, {"--knob a", "name=value"});
  expect_misuse({"campaign", "demo/fine", "--out", path("out"), "--knob", "a=1"}, {"'a'"});
}

TEST_F(Program, refuses_a_plan_that_is_no_json_and_says_where) {
  write("plan.json", "{\n  \"rules\": [,]\n}");
  expect_misuse({"run", "demo/fine", "--faults", path("plan.json")},
                {"--faults", "plan.json", "line 2"});
  expect_misuse({"run", "demo/fine", "--faults", path("none.json")}, {"No such file"});
}

TEST_F(Program, refuses_files_that_cannot_be_written_before_it_runs) {
  expect_misuse({"run", "demo/fine", "--trace", path("no/folder")}, {"--trace", "no/folder"});
  expect_misuse({"run", "demo/fine", "--record", path("no/folder")}, {"--record"});
}

TEST_F(Program, refuses_a_folder_that_cannot_be_made) {
  write("file", "in the way");
  expect_misuse({"campaign", "demo/fine", "--out", path("file/out")}, {"--out", "file/out"});
}

TEST_F(Program, refuses_a_seed_without_its_scenario) {
  expect_misuse({"replay", "5"}, {"replay 5", "add the name"});
  expect_misuse({"replay", "no-such-file"}, {"neither a seed nor the file of a tape"});
}

TEST_F(Program, refuses_a_truncated_tape) {
  sim::Tape tape;
  tape.header.scenario = "demo/fine";
  tape.header.strategy = "random";
  std::string problem;
  ASSERT_TRUE(tape.save(path("tape"), problem)) << problem;
  std::filesystem::resize_file(path("tape"), std::filesystem::file_size(path("tape")) / 2);
  expect_misuse({"replay", path("tape")}, {"tape", "--record"});
}

TEST_F(Program, refuses_a_tape_of_a_scenario_it_does_not_know) {
  sim::Tape tape;
  tape.header.scenario = "demo/gone";
  tape.header.strategy = "random";
  std::string problem;
  ASSERT_TRUE(tape.save(path("tape"), problem)) << problem;
  expect_misuse({"replay", path("tape")}, {"demo/gone"});
}

TEST_F(Program, refuses_options_that_a_tape_decides) {
  sim::Tape tape;
  tape.header.scenario = "demo/fine";
  tape.header.strategy = "random";
  std::string problem;
  ASSERT_TRUE(tape.save(path("tape"), problem)) << problem;
  expect_misuse({"replay", path("tape"), "--strategy", "random"}, {"--strategy"});
}

TEST_F(Program, makes_a_crash_of_a_run_a_verdict) {
  add("demo/aborts", [](const auto&, const auto&, auto&) { std::abort(); });
  const Ran ran = thresher({"run", "demo/aborts"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_NE(ran.out.find("SIGABRT"), std::string::npos) << ran.out;
}

TEST_F(Program, makes_a_turn_that_never_yields_a_verdict_with_its_stack) {
  add("demo/hangs", [](const auto&, const auto&, auto&) {
    volatile bool forever = true;
    while (forever) {
    }
  });
  const Ran ran = thresher({"run", "demo/hangs", "--run-timeout", "300ms"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.out.find("FAIL  hang: "), 0u) << ran.out;
  EXPECT_NE(ran.out.find("stack of the fiber that runs"), std::string::npos) << ran.out;
}

TEST_F(Program, says_where_in_the_world_a_fiber_hangs) {
  add_world("demo/hangs", [](sim::World& world) {
    world.services().scheduler.spawn({.name = "stubborn"}, [] {
      for (volatile bool forever = true; forever;) {
      }
    });
  });
  const Ran ran = thresher({"run", "demo/hangs", "--seed", "9", "--run-timeout", "300ms"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_NE(ran.out.find("in a simulated world: seed 9, step "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("fiber 'stubborn'"), std::string::npos) << ran.out;
}

TEST_F(Program, names_the_fiber_that_runs_over_its_stack) {
  add_world("demo/deep", [](sim::World& world) {
    world.services().scheduler.spawn({.name = "digger"}, [] {
      const std::function<int(int)> deeper = [&](int n) { return n < 0 ? n : deeper(n + 1) + n; };
      if (deeper(1) == 42) std::abort();
    });
  });
  const Ran ran = thresher({"run", "demo/deep"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.out.find("FAIL  crash.stack_overflow: "), 0u) << ran.out;
  EXPECT_NE(ran.out.find("'digger'"), std::string::npos) << ran.out;
}

TEST_F(Program, makes_too_much_memory_a_verdict) {
  add("demo/eats", [](const auto&, const auto&, auto&) {
    std::vector<std::string> eaten;
    while (true) eaten.emplace_back(std::size_t{1} << 20, 'x');
  });
  const Ran ran = thresher({"run", "demo/eats", "--memory", "256M"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.out.find("FAIL  memory.limit"), 0u) << ran.out;
}

TEST_F(Program, makes_a_killed_run_trouble_of_the_harness) {
  add("demo/killed", [](const auto&, const auto&, auto&) { ::raise(SIGKILL); });
  const Ran ran = thresher({"run", "demo/killed"});
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.err.find("killed from outside"), std::string::npos) << ran.err;
}

}  // namespace
}  // namespace thresher::cli
