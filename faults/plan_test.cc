// Plans: what they may say, what is refused and with which words, and that printing loses nothing.
#include "thresher/faults/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace thresher::faults {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Plan plan_of(std::string_view json) {
  const auto plan = Plan::parse(json);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan ? *plan : Plan{};
}

/// A plan of one rule with the given members besides those that every rule needs.
std::string rule(std::string_view on, std::string_view effect, std::string_view more = "") {
  return R"({"rules": [{"on": )" + std::string{on} + R"(, "effect": )" + std::string{effect} +
         std::string{more} + "}]}";
}

std::string refusal(std::string_view json) {
  const auto plan = Plan::parse(json);
  EXPECT_FALSE(plan.has_value());
  return plan ? "" : plan.error().message;
}

constexpr std::string_view at_launch = R"({"call": "launch_kernel"})";
constexpr std::string_view at_any = R"({"call": "any"})";

TEST(Plan, reads_a_rule_with_everything) {
  const Plan plan = plan_of(R"({"rules": [{
    "label": "third big allocation",
    "on": {"call": "memory_allocate", "device": 1},
    "when": {"nth": 3, "bytes_at_least": 1048576, "after_launches": 2, "after_ns": 2000000000,
             "ratio": "3/100"},
    "times": "always",
    "effect": {"kind": "result", "code": "out_of_memory", "until": "process_replaced"}}]})");
  const Rule expected{.label = "third big allocation",
                      .point = {.kind = PointKind::call,
                                .call = gpu::DriverCall::memory_allocate,
                                .device = gpu::DeviceOrdinal{1}},
                      .when = {.nth = 3,
                               .bytes_at_least = 1048576,
                               .after_launches = 2,
                               .after = std::chrono::seconds{2},
                               .ratio = {.num = 3, .den = 100}},
                      .times = 0,
                      .effect = {.kind = FaultKind::result,
                                 .code = gpu::DriverResult::out_of_memory,
                                 .until = Until::process_replaced}};
  ASSERT_EQ(plan.rules.size(), 1u);
  EXPECT_EQ(plan.rules[0], expected);
}

TEST(Plan, strikes_once_at_the_first_match_when_nothing_is_said) {
  const Plan plan = plan_of(rule(at_launch, R"({"kind": "illegal_address"})"));
  EXPECT_EQ(plan.rules[0].times, 1u);
  EXPECT_EQ(plan.rules[0].when, Condition{});
}

TEST(Plan, keeps_a_stuck_kernel_until_its_process_is_replaced_when_nothing_is_said) {
  const Plan plan = plan_of(rule(at_launch, R"({"kind": "kernel_stuck"})"));
  EXPECT_EQ(plan.rules[0].effect.until, Until::process_replaced);
}

TEST(Plan, takes_comments) {
  EXPECT_TRUE(plan_of("// nothing happens\n{\"rules\": []}").empty());
}

TEST(Plan, refuses_what_is_no_json) {
  EXPECT_THAT(refusal("{"), HasSubstr("no JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
  EXPECT_THAT(refusal("{}"), HasSubstr("needs \"rules\""));
}

TEST(Plan, refuses_an_unknown_key_with_its_path_and_the_known_ones) {
  EXPECT_THAT(refusal(rule(at_launch, R"({"kind": "kernel_stuck"})", R"(, "count": 2)")),
              AllOf(HasSubstr("$.rules[0].count"), HasSubstr("times")));
}

TEST(Plan, refuses_a_ratio_out_of_range) {
  for (const char* ratio : {"\"7/3\"", "\"1/0\"", "\"3%\"", "0.5", "\"3/100x\"", "\"/1\""}) {
    const std::string when = R"(, "when": {"ratio": )" + std::string{ratio} + "}";
    EXPECT_THAT(refusal(rule(at_launch, R"({"kind": "kernel_stuck"})", when)),
                AllOf(HasSubstr("$.rules[0].when.ratio"), HasSubstr("3/100")));
  }
}

TEST(Plan, refuses_an_unknown_call_and_lists_the_known_ones) {
  EXPECT_THAT(refusal(rule(R"({"call": "cuMemAlloc"})", R"({"kind": "worker_dies"})")),
              AllOf(HasSubstr("$.rules[0].on.call"), HasSubstr("memory_allocate"),
                    HasSubstr("\"cuMemAlloc\"")));
}

TEST(Plan, refuses_an_unknown_effect_and_lists_the_known_ones) {
  EXPECT_THAT(refusal(rule(at_any, R"({"kind": "explode"})")),
              AllOf(HasSubstr("$.rules[0].effect.kind"), HasSubstr("kernel_stuck")));
}

TEST(Plan, refuses_an_effect_at_a_point_where_it_cannot_be_made) {
  EXPECT_THAT(refusal(rule(at_any, R"({"kind": "kernel_stuck"})")),
              AllOf(HasSubstr("$.rules[0].on"), HasSubstr("launch_kernel")));
  EXPECT_THAT(refusal(rule(at_launch, R"({"kind": "false_success"})")), HasSubstr("reset"));
}

TEST(Plan, refuses_an_effect_without_what_it_needs) {
  EXPECT_THAT(refusal(rule(at_any, R"({"kind": "result"})")), HasSubstr("\"code\""));
  EXPECT_THAT(refusal(rule(at_any, R"({"kind": "delay"})")), HasSubstr("\"duration_ns\""));
}

TEST(Plan, refuses_a_point_that_names_two_things_or_none) {
  EXPECT_THAT(refusal(rule(R"({"call": "any", "reset": "any"})", R"({"kind": "error"})")),
              HasSubstr("exactly one"));
  EXPECT_THAT(refusal(rule("{}", R"({"kind": "error"})")), HasSubstr("exactly one"));
}

TEST(Plan, refuses_codes_that_are_no_failure) {
  for (const char* code : {"success", "not_ready", "process_gone", "nonsense"}) {
    const std::string effect = R"({"kind": "result", "code": ")" + std::string{code} + "\"}";
    EXPECT_THAT(refusal(rule(at_any, effect)), HasSubstr("$.rules[0].effect.code"));
  }
}

TEST(Plan, knows_every_code_of_the_table_that_can_be_injected) {
  for (const gpu::ResultRow& row : gpu::result_table()) {
    const bool injectable = row.code != gpu::DriverResult::success &&
                            row.code != gpu::DriverResult::process_gone;
    EXPECT_EQ(result_named(plan_name(row.code)).has_value(), injectable) << row.cuda_name;
  }
}

TEST(Plan, drops_the_rules_of_devices_that_a_run_does_not_have) {
  const Plan plan = plan_of(rule(R"({"call": "any", "device": 1})", R"({"kind": "worker_dies"})"));
  EXPECT_EQ(plan.within(2), plan);
  EXPECT_TRUE(plan.within(1).empty());
}

TEST(Plan, says_a_rule_in_words) {
  const Plan plan = plan_of(rule(R"({"reset": "hard", "device": 1})", R"({"kind": "error"})"));
  EXPECT_EQ(plan.rules[0].text(), "hard reset on device 1: error");
}

// --- properties

std::string kind_effect(const KindRow& row, std::uint64_t number) {
  std::string text = R"({"kind": ")" + std::string{row.name} + "\"";
  const std::string value = std::to_string(number + 1);
  if (row.name == "result") text += R"(, "code": "launch_failed", "until": "never")";
  if (row.name == "delay" || row.name.ends_with("_slow")) text += R"(, "duration_ns": )" + value;
  if (row.name.starts_with("memory_")) text += R"(, "bytes": )" + value;
  return text + "}";
}

std::string_view fitting_point(Target target) {
  switch (target) {
    case Target::any_call:
    case Target::context_call: return at_any;
    case Target::launch: return at_launch;
    case Target::copy: return R"({"call": "copy_to_host", "device": 0})";
    case Target::start: return R"({"start": true, "device": 2})";
    case Target::step: return R"({"canary": true})";
    case Target::storage: return R"({"storage": "write"})";
  }
  return "";
}

RC_GTEST_PROP(PlanProperty, prints_what_it_reads_back_as_an_equal_plan, ()) {
  std::string json = R"({"rules": [)";
  const auto count = *rc::gen::inRange(0, 6);
  for (int at = 0; at < count; ++at) {
    const auto& row = kind_table()[*rc::gen::inRange<std::size_t>(0, fault_kind_count)];
    const auto number = *rc::gen::inRange<std::uint64_t>(0, 1'000'000);
    const auto den = *rc::gen::inRange<std::uint32_t>(1, 1000);
    json += at > 0 ? ", " : "";
    json += R"({"on": )" + std::string{fitting_point(row.target)} + R"(, "effect": )" +
            kind_effect(row, number) + R"(, "times": )" + std::to_string(number + 1) +
            R"(, "when": {"nth": )" + std::to_string(number + 1) + R"(, "ratio": "1/)" +
            std::to_string(den) + "\"}}";
  }
  const auto plan = Plan::parse(json + "]}");
  RC_ASSERT(plan.has_value());
  const auto again = Plan::parse(plan->json());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *plan);
}

RC_GTEST_PROP(PlanProperty, never_crashes_on_any_text, (const std::string& text)) {
  static_cast<void>(Plan::parse(text));
}

// A valid plan with one piece cut out and another written in: mostly refused, never a crash.
RC_GTEST_PROP(PlanProperty, never_crashes_on_a_damaged_plan, ()) {
  std::string json = rule(R"({"call": "memory_allocate", "device": 1})",
                          R"({"kind": "result", "code": "out_of_memory", "until": "never"})",
                          R"(, "when": {"nth": 3, "ratio": "3/100"}, "times": 2)");
  const auto from = *rc::gen::inRange<std::size_t>(0, json.size());
  const auto length = *rc::gen::inRange<std::size_t>(0, 20);
  const auto piece = *rc::gen::element<std::string>("", "null", "-1", "1e99", "[]", "{}", "\"\"",
                                                    "true", ",", "\xff", "18446744073709551616");
  json.replace(from, length, piece);
  const auto plan = Plan::parse(json);
  if (!plan) return;
  const auto again = Plan::parse(plan->json());
  RC_ASSERT(again.has_value());
  RC_ASSERT(*again == *plan);
}

}  // namespace
}  // namespace thresher::faults
