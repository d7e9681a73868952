// The tape's file: what was saved is loaded, and damage is an error that says so.
#include "thresher/sim/tape.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <fstream>

namespace thresher::sim {
namespace {

rc::Gen<std::string> any_name() {
  return rc::gen::container<std::string>(rc::gen::inRange<char>(' ', '~'));
}

rc::Gen<TapeAnswer> any_answer() {
  return rc::gen::map(rc::gen::tuple(rc::gen::arbitrary<std::uint64_t>(),
                                     rc::gen::inRange<std::uint64_t>(0, 1'000'000),
                                     rc::gen::arbitrary<std::uint64_t>()),
                      [](const auto& words) {
                        const auto& [site, n, answer] = words;
                        return TapeAnswer{site, n, n == 0 ? answer : answer % n};
                      });
}

rc::Gen<TapeLane> any_lane() {
  return rc::gen::build<TapeLane>(
      rc::gen::set(&TapeLane::name, any_name()),
      rc::gen::set(&TapeLane::answers, rc::gen::container<std::vector<TapeAnswer>>(any_answer())));
}

rc::Gen<TapeHeader> any_header() {
  return rc::gen::build<TapeHeader>(
      rc::gen::set(&TapeHeader::scenario, any_name()), rc::gen::set(&TapeHeader::seed),
      rc::gen::set(&TapeHeader::profile, any_name()),
      rc::gen::set(&TapeHeader::strategy, any_name()),
      rc::gen::set(&TapeHeader::knobs,
                   rc::gen::container<std::map<std::string, std::string>>(any_name(), any_name())),
      rc::gen::set(&TapeHeader::plan, any_name()), rc::gen::set(&TapeHeader::commit, any_name()),
      rc::gen::set(&TapeHeader::sites));
}

rc::Gen<Tape> any_tape() {
  return rc::gen::apply(
      [](TapeHeader header, std::vector<TapeLane> lanes,
         std::map<std::uint64_t, std::uint64_t> schedule) {
        Tape tape;
        tape.header = std::move(header);
        tape.lanes = std::move(lanes);
        for (const auto& [step, fiber] : schedule) tape.schedule.push_back({step, fiber});
        return tape;
      },
      any_header(), rc::gen::container<std::vector<TapeLane>>(any_lane()),
      rc::gen::arbitrary<std::map<std::uint64_t, std::uint64_t>>());
}

RC_GTEST_PROP(Tape, is_the_same_after_encoding_and_decoding, ()) {
  const Tape tape = *any_tape();
  std::string problem;
  const auto decoded = Tape::decode(tape.encode(), problem);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == tape);
}

RC_GTEST_PROP(Tape, refuses_every_truncation, ()) {
  std::vector<std::byte> bytes = (*any_tape()).encode();
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size()));
  std::string problem;
  RC_ASSERT(!Tape::decode(bytes, problem).has_value());
  RC_ASSERT(problem.find("truncated") != std::string::npos);
}

RC_GTEST_PROP(Tape, refuses_every_flipped_bit, ()) {
  std::vector<std::byte> bytes = (*any_tape()).encode();
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  std::string problem;
  RC_ASSERT(!Tape::decode(bytes, problem).has_value());
  RC_ASSERT(!problem.empty());
}

// The checksum is made right again: the body's own checks have to hold.
RC_GTEST_PROP(Tape, never_crashes_on_a_body_that_lies, ()) {
  const Tape tape = *any_tape();
  Tape forged = tape;
  forged.lanes.push_back({*any_name(), {{1, 2, 7}}});  // An answer beyond its n.
  std::string problem;
  RC_ASSERT(!Tape::decode(forged.encode(), problem).has_value());
}

TEST(Tape, is_written_whole_and_read_back) {
  const std::string path = testing::TempDir() + "tape_test.tape";
  Tape tape;
  tape.header.scenario = "guide/pooled";
  tape.lanes.push_back({"work", {{1, 10, 3}}});
  tape.schedule.push_back({4, 99});
  std::string problem;
  ASSERT_TRUE(tape.save(path, problem).has_value()) << problem;
  const auto loaded = Tape::load(path, problem);
  ASSERT_TRUE(loaded.has_value()) << problem;
  EXPECT_EQ(*loaded, tape);
  EXPECT_FALSE(std::ifstream{path + ".part"});
  std::remove(path.c_str());
}

TEST(Tape, names_the_file_that_is_no_tape) {
  const std::string path = testing::TempDir() + "tape_test.txt";
  std::ofstream{path} << "hello";
  std::string problem;
  EXPECT_EQ(Tape::load(path, problem).error().code, runtime::Errc::decode_failed);
  EXPECT_EQ(problem, "tape '" + path + "': it is not a tape");
  std::remove(path.c_str());
}

TEST(Tape, says_why_it_cannot_be_written) {
  std::string problem;
  EXPECT_FALSE(Tape{}.save("/nowhere/at/all.tape", problem).has_value());
  EXPECT_NE(problem.find("/nowhere/at/all.tape"), std::string::npos);
}

TEST(Tape, takes_its_key_and_gives_it_back) {
  Tape tape;
  tape.header.seed = 5;
  RunKey key{.scenario = "guide/pooled", .seed = 5};
  key.strategy = {.kind = StrategySpec::Kind::pct, .depth = 2, .length = 300};
  key.knobs["pool.size"] = "2";
  tape.set_key(key);
  const auto back = tape.key();
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(back->strategy, key.strategy);
  EXPECT_EQ(back->knobs, key.knobs);
}

}  // namespace
}  // namespace thresher::sim
