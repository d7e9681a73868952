// What the tests of storage share: a real scheduler with services around it, and a storage that a
// test holds by a string. No product code includes this.
#pragma once

#include "thresher/runtime/base/assert.h"
#include "thresher/runtime/fiber/services.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/runtime/storage/memory_storage.h"
#include "thresher/runtime/threads/thread_scheduler.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace thresher::runtime::storage_test {

/// Asserts that nobody draws.
class NoEntropy final : public Entropy {
 public:
  std::uint64_t next(std::string_view) override { THRESHER_UNREACHABLE(); }
};

/// One worker thread and the services of a process.
class ThreadHost {
 public:
  ThreadHost() : scheduler_{{.workers = 1, .stack_bytes = std::size_t{1} << 20}} {}

  /// Runs `body` as the first fiber, and what it starts, to the end.
  void run(Task body) {
    scheduler_.spawn({.name = "test"}, std::move(body));
    scheduler_.wait_for_foreground();
  }
  const Services& services() const noexcept { return services_; }

 private:
  ThreadScheduler scheduler_;
  NoEntropy entropy_;
  NullProbe probe_;
  Services services_{scheduler_, entropy_, probe_};
};

/// Passes calls on to a memory storage, counts them, and fails where the test says so.
class ScriptedStorage final : public GrainStorage {
 public:
  enum class Fault : std::uint8_t { none, before, after, throws };

  explicit ScriptedStorage(const Services& services)
      : scheduler_{services.scheduler}, memory_{services} {}

  Result<StateRecord> read(const StateKey& key) override {
    return call(reads, [&] { return memory_.read(key); });
  }
  Result<std::string> write(const StateKey& key, std::span<const std::byte> bytes,
                            std::string_view etag) override {
    return call(writes, [&] { return memory_.write(key, bytes, etag); });
  }
  Result<void> clear(const StateKey& key, std::string_view etag) override {
    return call(clears, [&] { return memory_.clear(key, etag); });
  }

  int reads = 0;
  int writes = 0;
  int clears = 0;
  /// Calls that are under way.
  int busy = 0;
  int busy_max = 0;
  /// The next call's fault, once: before or after it is applied, or an exception.
  Fault fault = Fault::none;
  Errc error = Errc::storage_failed;

 private:
  template <typename Call>
  auto call(int& count, Call&& act) -> decltype(act()) {
    ++count;
    busy_max = ++busy > busy_max ? busy : busy_max;
    scheduler_.yield();
    const Fault now = std::exchange(fault, Fault::none);
    --busy;
    if (now == Fault::throws) throw std::runtime_error{"the disk is on fire"};
    if (now == Fault::before) return fail(error);
    auto result = act();
    if (now == Fault::after) return fail(error);
    return result;
  }

  Scheduler& scheduler_;
  MemoryStorage memory_;
};

}  // namespace thresher::runtime::storage_test
