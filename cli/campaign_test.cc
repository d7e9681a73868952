// Campaigns end to end, over made-up scenarios: every exit code, its order, hunts, kills, resuming.
// Twins are forks here; the built program's twins are tried in cli/e2e.
#include "thresher/cli/fake_scenario.h"
#include "thresher/sim/trace.h"

#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sys/mman.h>
#include <sys/resource.h>

namespace thresher::cli {
namespace {

using testing::fail_run;
using testing::FakeScenario;
using testing::ProgramTest;
using testing::Ran;
using testing::survive;
using Json = nlohmann::json;

/// A number that all processes of a test share.
class Shared {
 public:
  Shared()
      : value_{new (::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                           0)) std::atomic<std::uint64_t>{0}} {}
  ~Shared() { ::munmap(value_, 4096); }
  std::atomic<std::uint64_t>& operator*() const { return *value_; }

 private:
  std::atomic<std::uint64_t>* value_;
};

class Campaign : public ProgramTest {
 protected:
  FakeScenario::Body failing_every(std::uint64_t n, sim::Verdict verdict, std::string label) {
    return [=](const auto& key, const auto& options, auto& result) {
      if (key.seed % n == 0) fail_run(options, result, verdict, label);
    };
  }
  Json summary_of(std::vector<std::string> words) {
    words.insert(words.end(), {"--format", "json"});
    Json json = Json::parse(campaign(std::move(words)).out);
    json.erase("wall");
    return json;
  }
  std::string content(std::string_view name) const {
    std::ifstream file{path(name)};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  static bool has(const std::string& text, std::string_view part) {
    return text.find(part) != text.npos;
  }
};

TEST_F(Campaign, is_green_when_every_seed_survives) {
  add("a/fine", survive);
  const Ran ran = campaign({"--seeds", "100"});
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_TRUE(has(ran.out, "verdict survived (exit 0)"));
}

TEST_F(Campaign, runs_each_seed_once_and_some_twice) {
  Shared runs;
  add("a/counted", [&](const auto&, const auto&, auto&) { (*runs)++; });
  const Json summary = summary_of({"--seeds", "1000", "--jobs", "2"});
  const std::uint64_t measuring = 8;
  const std::uint64_t twins = summary["twins"]["compared"];
  EXPECT_EQ(summary["runs"], 1000);
  EXPECT_GT(twins, 20u);
  EXPECT_EQ((*runs).load(), 1000 + twins + measuring);
}

TEST_F(Campaign, runs_every_seed_twice_when_asked_to) {
  add("a/fine", survive);
  EXPECT_EQ(summary_of({"--seeds", "500", "--twice"})["twins"]["compared"], 500);
}

TEST_F(Campaign, groups_failures_and_keeps_the_fastest) {
  add("a/bad", failing_every(3, sim::Verdict::safety, "a.broken"));
  const Ran ran = campaign({"--seeds", "30"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_TRUE(has(ran.out, "FAIL  a.broken: what went wrong"));
  EXPECT_TRUE(has(ran.out, "10 of 30 runs (33.3%)")) << ran.out;
  EXPECT_TRUE(has(ran.out, "reproduce: ./thresher replay 0x"));
}

TEST_F(Campaign, keeps_a_report_of_each_failure) {
  add("a/bad", failing_every(30, sim::Verdict::safety, "a.broken"));
  campaign({"--seeds", "30"});
  const std::string folder = "out/failures/a_bad-a.broken-000000000000001e/";
  EXPECT_TRUE(has(content(folder + "report.txt"), "FAIL  a.broken"));
  EXPECT_EQ(Json::parse(content(folder + "run.json")).at("label"), "a.broken");
  EXPECT_EQ(Json::parse(content("out/summary.json")).at("exit_code"), 1);
}

TEST_F(Campaign, tells_liveness_from_safety) {
  add("a/stuck", failing_every(7, sim::Verdict::liveness, "deadlock"));
  EXPECT_EQ(campaign({"--seeds", "50"}).code, 3);
}

TEST_F(Campaign, loses_one_seed_to_a_crash_and_no_more) {
  add("a/crashes", [](const auto& key, const auto&, auto&) {
    if (key.seed == 17) std::abort();
  });
  const Ran ran = campaign({"--seeds", "100", "--jobs", "2"});
  EXPECT_EQ(ran.code, 4) << ran.out;
  EXPECT_TRUE(has(ran.out, "FAIL  crash.SIGABRT"));
  EXPECT_TRUE(has(ran.out, "1 of 100 runs")) << ran.out;
}

TEST_F(Campaign, names_the_assertion_that_ended_a_run) {
  add("a/asserts", [](const auto& key, const auto&, auto&) {
    if (key.seed == 17) runtime::assertion_failed("1 == 2", "some/file.cc", 12);
  });
  EXPECT_TRUE(has(campaign({"--seeds", "20"}).out, "FAIL  assertion at some/file.cc:12"));
}

TEST_F(Campaign, tells_a_stack_overflow_from_other_crashes) {
  add("a/deep", [](const auto& key, const auto&, auto&) {
    const std::function<int(int)> deeper = [&](int n) { return n < 0 ? n : deeper(n + 1) + n; };
    if (key.seed == 17) ::raise(deeper(1));
  });
  EXPECT_TRUE(has(campaign({"--seeds", "20"}).out, "crash.stack_overflow"));
}

TEST_F(Campaign, takes_a_hang_for_a_verdict) {
  add("a/hangs", [](const auto& key, const auto&, auto&) {
    for (volatile bool forever = key.seed == 17; forever;) {
    }
  });
  const Ran ran = campaign({"--seeds", "20", "--run-timeout", "300ms"});
  EXPECT_EQ(ran.code, 4);
  EXPECT_TRUE(has(ran.out, "FAIL  hang")) << ran.out;
}

TEST_F(Campaign, notices_a_run_that_depends_on_its_process) {
  add("a/leaks", [](const auto&, const auto&, auto& result) {
    result.trace_hash = static_cast<std::uint64_t>(::getpid());
  });
  const Ran ran = campaign({"--seeds", "100"});
  EXPECT_EQ(ran.code, 5);
  EXPECT_TRUE(has(ran.out, "two runs of one seed differ"));
}

TEST_F(Campaign, shows_where_the_traces_of_two_differing_runs_part) {
  add("a/leaks", [](const auto&, const auto& options, auto& result) {
    result.trace_hash = static_cast<std::uint64_t>(::getpid());
    if (options.trace != nullptr) options.trace->add({.a = result.trace_hash});
  });
  EXPECT_TRUE(has(campaign({"--seeds", "100"}).out, "the traces first differ in line 1"));
}

TEST_F(Campaign, notices_a_run_that_depends_on_what_memory_held) {
#ifdef THRESHER_SANITIZED
  GTEST_SKIP() << "the sanitizer fills memory the same way in a fork";
#endif
  add("a/reads_rubbish", [](const auto&, const auto&, auto& result) {
    void* (*volatile const allocate)(std::size_t) = std::malloc;  // Hidden from the compiler.
    auto* const block = static_cast<volatile unsigned char*>(allocate(100'000));
    result.trace_hash = block[50'000];
    std::free(const_cast<unsigned char*>(block));
  });
  EXPECT_EQ(campaign({"--seeds", "100"}).code, 5);
}

TEST_F(Campaign, notices_what_one_run_leaves_to_the_next) {
  static int left = 0;
  add("a/remembers", [](const auto&, const auto&, auto& result) {
    result.trace_hash = static_cast<std::uint64_t>(left++);
  });
  EXPECT_EQ(campaign({"--seeds", "200"}).code, 5);
}

TEST_F(Campaign, demands_every_sometimes_that_had_its_runs) {
  add("a/dull", [](const auto&, const auto&, auto& result) { result.reached["a.rare"] = 0; }, {},
      {{"a.rare", 50}});
  const Ran ran = campaign({"--seeds", "60"});
  EXPECT_EQ(ran.code, 6);
  EXPECT_TRUE(has(ran.out, "MISS"));
}

TEST_F(Campaign, does_not_judge_a_sometimes_below_its_runs) {
  add("a/dull", survive, {}, {{"a.rare", 50}});
  const Ran ran = campaign({"--seeds", "40"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(has(ran.out, "not judged below 50 runs"));
}

TEST_F(Campaign, lets_the_gravest_verdict_decide) {
  add("a/bad", failing_every(2, sim::Verdict::safety, "a.broken"));
  add("a/stuck", failing_every(2, sim::Verdict::liveness, "deadlock"));
  EXPECT_EQ(campaign({"a/bad", "a/stuck", "--seeds", "20"}).code, 1);
  add("a/crashes", [](const auto& key, const auto&, auto&) {
    if (key.seed == 3) std::abort();
  });
  EXPECT_EQ(campaign({"--seeds", "20"}).code, 4);
}

TEST_F(Campaign, hunts_negative_scenarios_for_each_defect) {
  add("a/fine", survive);
  add("n/published",
      [](const auto& key, const auto& options, auto& result) {
        if (key.seed % 40 == 39) fail_run(options, result, sim::Verdict::safety, "n.rare");
        fail_run(options, result, sim::Verdict::safety, "n.frequent");
      },
      {{"n.frequent", "always"}, {"n.rare", "hidden by the frequent one"}});
  const Json summary = summary_of({"--seeds", "20"});
  EXPECT_EQ(summary["exit_code"], 0) << summary.dump(2);
  EXPECT_EQ(summary["hunts"].size(), 2u);
  EXPECT_TRUE(has(summary["hunts"][1]["reproduce"], "--only n.rare"));
  EXPECT_TRUE(summary["failures"].empty());
}

TEST_F(Campaign, is_not_green_when_a_listed_defect_lives) {
  add("n/published", survive, {{"n.never", "not there"}});
  const Ran ran = campaign({"--hunt-seeds", "100"});
  EXPECT_EQ(ran.code, 6);
  EXPECT_TRUE(has(ran.out, "LIVES  defect  n.never"));
}

TEST_F(Campaign, is_not_green_when_the_canary_lives) {
  add("a/fine", survive);
  add("canary/blind", survive, {{"canary.unseen", "planted"}});
  const Ran ran = campaign({"a/fine", "--seeds", "10"});
  EXPECT_EQ(ran.code, 6);
  EXPECT_TRUE(has(ran.out, "LIVES  canary  canary.unseen in canary/blind through 500 seeds"));
}

TEST_F(Campaign, fails_with_the_verdict_of_a_negative_scenario_that_was_named) {
  add("n/published", failing_every(5, sim::Verdict::liveness, "n.lost"), {{"n.lost", "lost"}});
  EXPECT_EQ(campaign({"n/published", "--seeds", "20"}).code, 3);
  EXPECT_EQ(campaign({"n/published", "--seeds", "20", "--only", "n.other"}).code, 0);
}

TEST_F(Campaign, finds_the_same_whatever_the_number_of_jobs) {
  add("a/mixed", [](const auto& key, const auto& options, auto& result) {
    if (key.seed % 50 == 3) std::abort();
    if (key.seed % 7 == 3) fail_run(options, result, sim::Verdict::safety, "a.seven");
    if (key.seed % 11 == 3) fail_run(options, result, sim::Verdict::liveness, "a.eleven");
    result.reached["a.sometimes"] = key.seed % 13 == 0 ? 1 : 0;
  });
  add("n/neg", failing_every(30, sim::Verdict::safety, "n.x"), {{"n.x", "x"}});
  std::vector<Json> summaries;
  for (const char* jobs : {"1", "3"}) {
    summaries.push_back(summary_of({"--seeds", "300", "--jobs", jobs}));
  }
  EXPECT_EQ(summaries[0], summaries[1]);
}

TEST_F(Campaign, saves_what_there_is_on_ctrl_c_and_goes_on_when_asked) {
  Shared interrupt;
  *interrupt = 1;
  add("a/interrupted", [&](const auto& key, const auto& options, auto& result) {
    if (key.seed % 100 == 0) fail_run(options, result, sim::Verdict::safety, "a.broken");
    if (key.seed == 2500 && (*interrupt).exchange(0) == 1) ::kill(::getppid(), SIGINT);
  });
  const Json whole = [&] {
    *interrupt = 0;
    return summary_of({"--seeds", "5000"});
  }();
  *interrupt = 1;
  const Ran ran = campaign({"--seeds", "5000"});
  EXPECT_EQ(ran.code, 130);
  EXPECT_TRUE(has(ran.out, "stopped by interrupted")) << ran.out;
  EXPECT_EQ(summary_of({"--resume"}), whole);
}

TEST_F(Campaign, goes_on_from_a_journal_with_a_torn_line) {
  add("a/bad", failing_every(9, sim::Verdict::safety, "a.broken"));
  const Json whole = summary_of({"--seeds", "500"});
  const std::string journal = content("out/campaign.jsonl");
  std::ofstream{path("out/campaign.jsonl")} << journal.substr(0, journal.size() / 2);
  EXPECT_EQ(summary_of({"--resume"}), whole);
}

TEST_F(Campaign, refuses_to_resume_what_is_not_there_or_was_something_else) {
  add("a/fine", survive);
  EXPECT_EQ(campaign({"--resume"}).code, 2);
  campaign({"--seeds", "10"});
  const Ran ran = campaign({"--seeds", "20", "--resume"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_TRUE(has(ran.err, "asked for something else")) << ran.err;
}

TEST_F(Campaign, keeps_the_journal_of_the_campaign_before) {
  add("a/fine", survive);
  campaign({"--seeds", "10"});
  const std::string before = content("out/campaign.jsonl");
  campaign({"--seeds", "20"});
  EXPECT_EQ(content("out/previous/campaign.jsonl"), before);
}

TEST_F(Campaign, touches_no_earlier_campaign_when_it_is_refused) {
  add("a/fine", survive);
  campaign({"--seeds", "10"});
  const std::string before = content("out/campaign.jsonl");
  EXPECT_EQ(campaign({"--knob", "a=1"}).code, 2);
  EXPECT_EQ(content("out/campaign.jsonl"), before);
  EXPECT_FALSE(std::filesystem::exists(path("out/previous")));
}

TEST_F(Campaign, runs_the_seed_of_a_killed_worker_again_and_says_so) {
  Shared kills;
  add("a/killed", [&](const auto& key, const auto&, auto&) {
    if (key.seed == 17 && (*kills)++ == 0) ::raise(SIGKILL);
  });
  const Ran ran = campaign({"--seeds", "100"});
  EXPECT_EQ(ran.code, 7);
  EXPECT_TRUE(has(ran.out, "killed from outside"));
  EXPECT_TRUE(has(ran.out, "100 runs"));
}

TEST_F(Campaign, stops_exploring_at_the_end_of_its_budget) {
  add("a/slow", [](const auto&, const auto&, auto&) { ::usleep(2000); });
  const Ran ran = campaign({"--seeds", "1000000", "--time-budget", "1s"});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_TRUE(has(ran.out, "stopped by time budget"));
}

TEST_F(Campaign, gives_up_on_a_full_disk_with_one_line) {
  add("a/fine", survive);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{8192, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const Ran ran = campaign({"--seeds", "20000"});
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(ran.code, 7);
  EXPECT_TRUE(has(ran.err, "campaign.jsonl: cannot be written (File too large)")) << ran.err;
  EXPECT_EQ(std::count(ran.err.begin(), ran.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace thresher::cli
