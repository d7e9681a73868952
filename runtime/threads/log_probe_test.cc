// LogProbe: where records go, which do, and that the file can be opened anew.
// The files lie in the test's own temporary folder.
#include "thresher/runtime/threads/log_probe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace thresher::runtime {
namespace {

class LogProbeTest : public testing::Test {
 protected:
  LogProbeTest()
      : folder{std::filesystem::temp_directory_path() /
               ("log_probe_test." + std::to_string(::getpid()))},
        file{folder / "silo.log"} {
    std::filesystem::create_directories(folder);
  }
  ~LogProbeTest() override { std::filesystem::remove_all(folder); }

  std::unique_ptr<LogProbe> open(LogLevel level = LogLevel::info) {
    return LogProbe::open({.level = level, .file = file}).value();
  }
  static std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream{path}.rdbuf();
    return text.str();
  }

  std::filesystem::path folder;
  std::filesystem::path file;
};

TEST_F(LogProbeTest, writes_source_and_text_of_a_record) {
  open()->log(LogLevel::warning, "pool", "a slot is missing");
  EXPECT_NE(read(file).find("W"), std::string::npos);
  EXPECT_NE(read(file).find("pool: a slot is missing\n"), std::string::npos);
}

TEST_F(LogProbeTest, takes_no_format_from_a_text) {
  open()->log(LogLevel::error, "{}", "{0} {} %s");
  EXPECT_NE(read(file).find("{}: {0} {} %s\n"), std::string::npos);
}

TEST_F(LogProbeTest, drops_records_below_its_level) {
  const auto probe = open(LogLevel::error);
  EXPECT_FALSE(probe->logs(LogLevel::warning));
  EXPECT_TRUE(probe->logs(LogLevel::critical));
  probe->log(LogLevel::warning, "pool", "quiet");
  probe->flush();
  EXPECT_EQ(read(file), "");
}

TEST_F(LogProbeTest, writes_errors_at_once) {
  const auto probe = open();
  probe->log(LogLevel::error, "pool", "loud");
  EXPECT_NE(read(file).find("loud"), std::string::npos);
}

TEST_F(LogProbeTest, appends_to_what_is_there) {
  open()->log(LogLevel::info, "a", "first");
  open()->log(LogLevel::info, "a", "second");
  EXPECT_LT(read(file).find("first"), read(file).find("second"));
}

TEST_F(LogProbeTest, reopen_begins_a_new_file_after_the_old_one_was_moved_away) {
  const auto probe = open();
  probe->log(LogLevel::error, "a", "old");
  std::filesystem::rename(file, folder / "moved.log");
  probe->log(LogLevel::error, "a", "still old");
  EXPECT_TRUE(probe->reopen());
  probe->log(LogLevel::error, "a", "new");
  EXPECT_NE(read(folder / "moved.log").find("still old"), std::string::npos);
  EXPECT_EQ(read(file).find("old"), std::string::npos);
  EXPECT_NE(read(file).find("new"), std::string::npos);
}

TEST_F(LogProbeTest, says_when_its_file_cannot_be_opened) {
  std::filesystem::create_directories(file);
  const auto probe = LogProbe::open({.file = file});
  ASSERT_FALSE(probe.has_value());
  EXPECT_EQ(probe.error().code, Errc::configuration);
}

TEST_F(LogProbeTest, counts_events_by_kind_and_fires_no_fault_point) {
  const auto probe = open();
  probe->event({.kind = EventKind::lease_granted});
  probe->event({.kind = EventKind::lease_granted});
  probe->event({.kind = EventKind::note});
  EXPECT_EQ(probe->count(EventKind::lease_granted), 2u);
  EXPECT_EQ(probe->count(EventKind::note), 1u);
  EXPECT_FALSE(probe->fault_point(THRESHER_SITE("test/log_probe")));
}

TEST(LogProbe, writes_to_stderr_without_a_file) {
  testing::internal::CaptureStderr();
  LogProbe::open({}).value()->log(LogLevel::info, "silo", "started");
  EXPECT_NE(testing::internal::GetCapturedStderr().find("silo: started"), std::string::npos);
}

}  // namespace
}  // namespace thresher::runtime
