// The contract of runtime::GrainStorage as a test suite, run over every provider.
//
// A provider gives a rig (how to make one and to run a first fiber with it to the end) and
// instantiates GrainStorageContract with it. The tests are written against the seam alone; calls
// may park, so each body runs as a fiber.
#pragma once

#include "thresher/runtime/fiber/scope.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/storage/grain_storage.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace thresher::contract {

/// One provider under test and how to drive it.
class StorageRig {
 public:
  virtual ~StorageRig() = default;
  virtual runtime::GrainStorage& storage() = 0;
  virtual runtime::Scheduler& scheduler() = 0;
  /// Runs `body` as the first fiber, and what it starts, to the end. Once.
  virtual void run(runtime::Task body) = 0;
};

/// How to make rigs of one kind, each with an empty storage.
struct StorageKind {
  const char* name;
  std::unique_ptr<StorageRig> (*make)();
};

inline void PrintTo(const StorageKind& kind, std::ostream* out) { *out << kind.name; }

inline std::string storage_name(const testing::TestParamInfo<StorageKind>& info) {
  return info.param.name;
}

/// The vocabulary of the contract tests.
class GrainStorageContract : public testing::TestWithParam<StorageKind> {
 protected:
  GrainStorageContract() : rig{GetParam().make()}, storage{rig->storage()} {}

  template <typename F>
  void run(F body) {
    rig->run(runtime::Task{std::move(body)});
  }

  static runtime::Bytes bytes(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return runtime::Bytes(first, first + text.size());
  }
  /// Writes and gives the new ETag; a failure fails the test.
  std::string write(std::string_view text, std::string_view etag) {
    const auto written = storage.write(key, bytes(text), etag);
    EXPECT_TRUE(written.has_value());
    return written.value_or("");
  }
  runtime::Result<std::string> try_write(std::string_view text, std::string_view etag) {
    return storage.write(key, bytes(text), etag);
  }
  /// What is stored now, as text; "<none>" when there is no record.
  std::string stored() {
    const auto record = storage.read(key);
    EXPECT_TRUE(record.has_value());
    if (!record || !record->exists) return "<none>";
    const auto* first = reinterpret_cast<const char*>(record->bytes.data());
    return std::string(first, record->bytes.size());
  }
  static bool conflicts(const auto& result) {
    return !result && result.error().code == runtime::Errc::inconsistent_state;
  }

  std::unique_ptr<StorageRig> rig;
  runtime::GrainStorage& storage;
  const runtime::StateKey key{"balance", "account/7"};
};

TEST_P(GrainStorageContract, reads_no_record_and_no_etag_where_nothing_was_written) {
  run([&] {
    const auto record = storage.read(key);
    ASSERT_TRUE(record.has_value());
    EXPECT_FALSE(record->exists);
    EXPECT_EQ(record->etag, "");
  });
}

TEST_P(GrainStorageContract, reads_what_was_written_with_the_etag_that_the_write_gave) {
  run([&] {
    const std::string etag = write("ten", "");
    const auto record = storage.read(key);
    EXPECT_TRUE(record->exists);
    EXPECT_EQ(record->etag, etag);
    EXPECT_EQ(record->bytes, bytes("ten"));
  });
}

TEST_P(GrainStorageContract, gives_every_write_another_etag) {
  run([&] {
    const std::string first = write("ten", "");
    const std::string second = write("ten", first);
    EXPECT_NE(first, "");
    EXPECT_NE(second, first);
  });
}

TEST_P(GrainStorageContract, refuses_a_first_write_where_there_is_a_record) {
  run([&] {
    write("ten", "");
    EXPECT_TRUE(conflicts(try_write("eleven", "")));
    EXPECT_EQ(stored(), "ten");
  });
}

TEST_P(GrainStorageContract, refuses_a_write_with_an_etag_that_was_overtaken) {
  run([&] {
    const std::string old = write("ten", "");
    const std::string now = write("eleven", old);
    EXPECT_TRUE(conflicts(try_write("twelve", old)));
    EXPECT_EQ(stored(), "eleven");
    EXPECT_EQ(storage.read(key)->etag, now);
  });
}

TEST_P(GrainStorageContract, refuses_a_write_with_an_etag_where_there_is_no_record) {
  run([&] {
    EXPECT_TRUE(conflicts(try_write("ten", "17")));
    EXPECT_EQ(stored(), "<none>");
  });
}

TEST_P(GrainStorageContract, lets_exactly_one_of_several_writers_with_one_etag_win) {
  run([&] {
    const std::string seen = write("ten", "");
    std::size_t won = 0;
    std::size_t lost = 0;
    runtime::Scope writers{rig->scheduler(), "writers"};
    for (int i = 0; i < 5; ++i) {
      writers.spawn([&] {
        const auto written = try_write("mine", seen);
        won += written.has_value() ? 1 : 0;
        lost += conflicts(written) ? 1 : 0;
      });
    }
    writers.join();
    EXPECT_EQ(won, 1u);
    EXPECT_EQ(lost, 4u);
  });
}

TEST_P(GrainStorageContract, removes_a_record_by_its_etag) {
  run([&] {
    const std::string etag = write("ten", "");
    EXPECT_TRUE(storage.clear(key, etag));
    EXPECT_EQ(stored(), "<none>");
    EXPECT_TRUE(conflicts(storage.clear(key, etag)));
  });
}

TEST_P(GrainStorageContract, keeps_a_record_that_is_cleared_with_another_etag) {
  run([&] {
    const std::string old = write("ten", "");
    write("eleven", old);
    EXPECT_TRUE(conflicts(storage.clear(key, old)));
    EXPECT_TRUE(conflicts(storage.clear(key, "")));
    EXPECT_EQ(stored(), "eleven");
  });
}

TEST_P(GrainStorageContract, clears_nothing_successfully) {
  run([&] { EXPECT_TRUE(storage.clear(key, "")); });
}

TEST_P(GrainStorageContract, never_gives_an_old_etag_to_a_record_that_was_cleared_and_made_again) {
  run([&] {
    const std::string before = write("ten", "");
    EXPECT_TRUE(storage.clear(key, before));
    EXPECT_NE(write("ten", ""), before);
    EXPECT_TRUE(conflicts(try_write("eleven", before)));
  });
}

TEST_P(GrainStorageContract, keeps_states_and_grains_apart) {
  run([&] {
    const std::vector<runtime::StateKey> keys{{"a", "bc"}, {"ab", "c"}, {"a", "b"}};
    for (const auto& one : keys) EXPECT_TRUE(storage.write(one, bytes(one.grain_id), ""));
    for (const auto& one : keys) EXPECT_EQ(storage.read(one)->bytes, bytes(one.grain_id));
  });
}

TEST_P(GrainStorageContract, keeps_any_bytes_and_any_length) {
  run([&] {
    const std::string empty = write("", "");
    EXPECT_EQ(stored(), "");
    const std::string odd{"a\0\xff'\"\n", 6};
    const std::string etag = write(odd, empty);
    EXPECT_EQ(stored(), odd);
    const std::string large(1 << 20, 'x');
    write(large, etag);
    EXPECT_EQ(stored(), large);
  });
}

}  // namespace thresher::contract
