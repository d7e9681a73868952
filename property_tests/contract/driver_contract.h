// The contract of gpu::Driver as a test suite, run over every implementation and wrapper.
//
// An implementation gives a rig (how to run a body with a driver at hand, and an image that holds
// the two kernels below) and instantiates the suite with it. The tests use the seam alone and claim
// only what cuda.h or the seam's own contract says, so that a real device must pass them too.
#pragma once

#include "thresher/gpu/driver.h"
#include "thresher/gpu/host_kernel.h"
#include "thresher/runtime/fiber/scheduler.h"
#include "thresher/runtime/fiber/sync.h"
#include "thresher/sim/device/test_kernels.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

namespace thresher::contract {

/// One driver under test. Its image has the kernels `fill` (pointer, count, value) and `scale`
/// (pointer, count, factor) over 32-bit unsigned integers.
class DriverRig {
 public:
  virtual ~DriverRig() = default;
  /// Runs `body` on a fiber of a scheduler, to the end. Once.
  virtual void run(runtime::Task body) = 0;
  /// Within `run` only.
  virtual gpu::Driver& driver() = 0;
  virtual runtime::Scheduler& scheduler() = 0;
  virtual gpu::ModuleImage image() = 0;
};

struct DriverRigKind {
  const char* name;
  std::unique_ptr<DriverRig> (*make)();
};

inline void PrintTo(const DriverRigKind& kind, std::ostream* out) { *out << kind.name; }

inline std::string driver_rig_name(const testing::TestParamInfo<DriverRigKind>& info) {
  return info.param.name;
}

/// Counts completions and keeps the last.
class CountingSink final : public gpu::CompletionSink {
 public:
  void complete(std::uint64_t token, gpu::Status status) noexcept override {
    ++count;
    last_token = token;
    last_status = status;
  }
  int count = 0;
  std::uint64_t last_token = 0;
  gpu::Status last_status;
};

class DriverContract : public testing::TestWithParam<DriverRigKind> {
 protected:
  DriverContract() : rig{GetParam().make()} {}

  /// Runs `body` with one context, stream and module made.
  template <typename F>
  void run(F body) {
    rig->run([this, &body] {
      context = rig->driver().context_create(gpu::DeviceOrdinal{0}).value();
      stream = driver().stream_create(context).value();
      module = driver().module_load(context, rig->image()).value();
      body();
    });
  }
  gpu::Driver& driver() { return rig->driver(); }
  void pass(runtime::Duration span) {
    EXPECT_TRUE(runtime::sleep_for(rig->scheduler(), span));
  }
  static gpu::DriverResult code(gpu::Status status) { return status.code; }
  template <typename T>
  static gpu::DriverResult code(const gpu::Answer<T>& answer) {
    return answer ? gpu::DriverResult::success : answer.error().code;
  }
  gpu::DevicePointer words(std::uint64_t count) {
    return driver().memory_allocate(context, count * 4).value();
  }
  std::uint32_t* pinned(std::uint64_t count) {
    return reinterpret_cast<std::uint32_t*>(driver().host_allocate(context, count * 4).value());
  }
  gpu::Status fill(gpu::DevicePointer at, std::uint32_t count, std::uint32_t value) {
    return launch("fill", at, count, value);
  }
  gpu::Status scale(gpu::DevicePointer at, std::uint32_t count, std::uint32_t factor) {
    return launch("scale", at, count, factor);
  }
  gpu::Status launch(std::string_view name, gpu::DevicePointer at, std::uint32_t count,
                     std::uint32_t value) {
    const std::array arguments{gpu::KernelArgument::of(at), gpu::KernelArgument::of(count),
                               gpu::KernelArgument::of(value)};
    return driver().launch_kernel(
        context, gpu::Launch{.function = driver().module_function(context, module, name).value(),
                             .grid = {.x = (count + 127) / 128},
                             .block = {.x = 128},
                             .shared_bytes = 0,
                             .cooperative = false,
                             .stream = stream,
                             .arguments = arguments});
  }
  std::vector<std::uint32_t> read(gpu::DevicePointer from, std::size_t count) {
    std::vector<std::uint32_t> words(count);
    const auto to = std::as_writable_bytes(std::span{words});
    EXPECT_TRUE(driver().copy_to_host(context, to, from, stream).ok());
    EXPECT_TRUE(driver().stream_synchronize(context, stream).ok());
    return words;
  }

  std::unique_ptr<DriverRig> rig;
  gpu::ContextHandle context;
  gpu::StreamHandle stream;
  gpu::ModuleHandle module;
};

using gpu::DriverResult;

TEST_P(DriverContract, counts_and_describes_its_devices) {
  run([&] {
    EXPECT_GE(driver().device_count().value(), 1u);
    EXPECT_GT(driver().device_properties(gpu::DeviceOrdinal{0}).value().memory_bytes, 0u);
    EXPECT_EQ(code(driver().device_properties(gpu::DeviceOrdinal{99})),
              DriverResult::invalid_device);
    EXPECT_EQ(code(driver().context_create(gpu::DeviceOrdinal{99})), DriverResult::invalid_device);
  });
}

TEST_P(DriverContract, computes_what_its_kernels_say) {
  run([&] {
    const auto at = words(1000);
    EXPECT_TRUE(fill(at, 1000, 21).ok());
    EXPECT_TRUE(scale(at, 1000, 2).ok());
    EXPECT_EQ(read(at, 1000), std::vector<std::uint32_t>(1000, 42));
  });
}

TEST_P(DriverContract, copies_there_and_back) {
  run([&] {
    const auto at = words(4);
    const std::vector<std::uint32_t> sent{1, 2, 3, 4};
    EXPECT_TRUE(
        driver().copy_to_device(context, at, std::as_bytes(std::span{sent}), stream).ok());
    EXPECT_EQ(read(at, 4), sent);
  });
}

TEST_P(DriverContract, copies_on_the_device_and_sets_bytes) {
  run([&] {
    const auto from = words(4);
    const auto to = words(4);
    EXPECT_TRUE(driver().memory_set(context, from, std::byte{1}, 16, stream).ok());
    EXPECT_TRUE(driver().copy_on_device(context, to, from, 16, stream).ok());
    EXPECT_EQ(read(to, 4), std::vector<std::uint32_t>(4, 0x01010101));
  });
}

TEST_P(DriverContract, reads_pinned_memory_when_the_copy_runs) {
  run([&] {
    const auto at = words(1);
    std::uint32_t* const word = pinned(1);
    *word = 1;
    const auto busy = words(1 << 20);
    EXPECT_TRUE(fill(busy, 1 << 20, 0).ok());
    EXPECT_TRUE(
        driver().copy_to_device(context, at, std::as_bytes(std::span{word, 1}), stream).ok());
    *word = 2;
    EXPECT_EQ(read(at, 1).front(), 2u);
  });
}

TEST_P(DriverContract, stages_pageable_memory_at_the_call) {
  run([&] {
    const auto at = words(1);
    std::uint32_t word = 1;
    EXPECT_TRUE(
        driver().copy_to_device(context, at, std::as_bytes(std::span{&word, 1}), stream).ok());
    word = 2;
    EXPECT_EQ(read(at, 1).front(), 1u);
  });
}

TEST_P(DriverContract, says_not_ready_until_work_is_done) {
  run([&] {
    const auto at = words(1 << 20);
    const auto event = driver().event_create(context).value();
    EXPECT_EQ(code(driver().event_query(context, event)), DriverResult::success);
    EXPECT_TRUE(fill(at, 1 << 20, 1).ok());
    EXPECT_TRUE(driver().event_record(context, event, stream).ok());
    EXPECT_EQ(code(driver().event_query(context, event)), DriverResult::not_ready);
    EXPECT_EQ(code(driver().stream_query(context, stream)), DriverResult::not_ready);
    EXPECT_TRUE(driver().stream_synchronize(context, stream).ok());
    EXPECT_TRUE(driver().event_query(context, event).ok());
    EXPECT_TRUE(driver().stream_query(context, stream).ok());
  });
}

TEST_P(DriverContract, holds_a_stream_for_the_event_of_another) {
  run([&] {
    const auto at = words(1 << 20);
    const auto event = driver().event_create(context).value();
    const auto other = driver().stream_create(context).value();
    EXPECT_TRUE(fill(at, 1 << 20, 1).ok());
    EXPECT_TRUE(driver().event_record(context, event, stream).ok());
    EXPECT_TRUE(driver().stream_wait_event(context, other, event).ok());
    EXPECT_EQ(code(driver().stream_query(context, other)), DriverResult::not_ready);
    EXPECT_TRUE(driver().stream_synchronize(context, other).ok());
    EXPECT_TRUE(driver().event_query(context, event).ok());
  });
}

TEST_P(DriverContract, notifies_once_of_each_event) {
  run([&] {
    CountingSink sink;
    const auto event = driver().event_create(context).value();
    EXPECT_TRUE(fill(words(100), 100, 1).ok());
    EXPECT_TRUE(driver().event_record(context, event, stream).ok());
    EXPECT_TRUE(driver().notify(context, event, sink, 7).ok());
    pass(std::chrono::milliseconds{50});
    EXPECT_EQ(sink.count, 1);
    EXPECT_EQ(sink.last_token, 7u);
    EXPECT_TRUE(sink.last_status.ok());
  });
}

TEST_P(DriverContract, notifies_of_an_event_that_is_done_already) {
  run([&] {
    CountingSink sink;
    const auto event = driver().event_create(context).value();
    EXPECT_TRUE(driver().notify(context, event, sink, 1).ok());
    pass(std::chrono::milliseconds{50});
    EXPECT_EQ(sink.count, 1);
  });
}

TEST_P(DriverContract, completes_notices_of_a_context_that_is_destroyed) {
  run([&] {
    CountingSink sink;
    const auto event = driver().event_create(context).value();
    EXPECT_TRUE(fill(words(1 << 20), 1 << 20, 1).ok());
    EXPECT_TRUE(driver().event_record(context, event, stream).ok());
    EXPECT_TRUE(driver().notify(context, event, sink, 1).ok());
    EXPECT_TRUE(driver().context_destroy(context).ok());
    pass(std::chrono::milliseconds{50});
    EXPECT_EQ(sink.count, 1);
  });
}

TEST_P(DriverContract, refuses_bad_ranges_at_the_call_and_goes_on) {
  run([&] {
    const auto at = words(4);
    std::array<std::byte, 64> host{};
    EXPECT_EQ(code(driver().copy_to_host(context, host, at, stream)), DriverResult::invalid_value);
    EXPECT_EQ(code(driver().memory_set(context, at, std::byte{0}, 64, stream)),
              DriverResult::invalid_value);
    EXPECT_EQ(code(driver().memory_free(context, at + 4)), DriverResult::invalid_value);
    EXPECT_EQ(code(driver().memory_allocate(context, 0)), DriverResult::invalid_value);
    EXPECT_TRUE(driver().memory_free(context, at).ok());
  });
}

TEST_P(DriverContract, refuses_handles_that_were_destroyed) {
  run([&] {
    const auto event = driver().event_create(context).value();
    const auto other = driver().stream_create(context).value();
    EXPECT_TRUE(driver().event_destroy(context, event).ok());
    EXPECT_TRUE(driver().stream_destroy(context, other).ok());
    EXPECT_EQ(code(driver().event_query(context, event)), DriverResult::invalid_handle);
    EXPECT_EQ(code(driver().stream_query(context, other)), DriverResult::invalid_handle);
  });
}

TEST_P(DriverContract, answers_that_a_context_was_destroyed) {
  run([&] {
    EXPECT_TRUE(driver().context_destroy(context).ok());
    EXPECT_EQ(code(driver().memory_allocate(context, 4)), DriverResult::context_is_destroyed);
    EXPECT_EQ(code(driver().stream_query(context, stream)), DriverResult::context_is_destroyed);
    EXPECT_EQ(code(driver().context_destroy(context)), DriverResult::context_is_destroyed);
  });
}

TEST_P(DriverContract, gives_the_memory_of_a_destroyed_context_back) {
  run([&] {
    const auto probe = driver().context_create(gpu::DeviceOrdinal{0}).value();
    const auto before = driver().memory_info(probe).value().free_bytes;
    EXPECT_TRUE(driver().context_destroy(context).ok());
    EXPECT_GT(driver().memory_info(probe).value().free_bytes, before);
  });
}

TEST_P(DriverContract, goes_on_after_it_was_out_of_memory) {
  run([&] {
    const auto info = driver().memory_info(context).value();
    EXPECT_EQ(code(driver().memory_allocate(context, info.total_bytes)),
              DriverResult::out_of_memory);
    const auto at = words(10);
    EXPECT_TRUE(fill(at, 10, 5).ok());
    EXPECT_EQ(read(at, 10), std::vector<std::uint32_t>(10, 5));
  });
}

TEST_P(DriverContract, shares_one_primary_context_and_counts_its_users) {
  run([&] {
    const gpu::DeviceOrdinal device{0};
    const auto first = driver().primary_context_retain(device).value();
    EXPECT_EQ(driver().primary_context_retain(device).value(), first);
    EXPECT_TRUE(driver().primary_context_release(device).ok());
    EXPECT_TRUE(driver().memory_info(first).has_value());
    EXPECT_TRUE(driver().primary_context_release(device).ok());
    EXPECT_EQ(code(driver().memory_info(first)), DriverResult::context_is_destroyed);
    EXPECT_EQ(code(driver().primary_context_release(device)), DriverResult::invalid_context);
  });
}

TEST_P(DriverContract, resets_the_primary_context_under_all_its_users) {
  run([&] {
    const gpu::DeviceOrdinal device{0};
    const auto old = driver().primary_context_retain(device).value();
    EXPECT_TRUE(driver().primary_context_reset(device).ok());
    EXPECT_EQ(code(driver().memory_allocate(old, 4)), DriverResult::context_is_destroyed);
    const auto fresh = driver().primary_context_retain(device).value();
    EXPECT_NE(fresh, old);
    EXPECT_TRUE(driver().memory_allocate(fresh, 4).has_value());
  });
}

TEST_P(DriverContract, knows_the_functions_of_a_module_until_it_is_unloaded) {
  run([&] {
    EXPECT_EQ(code(driver().module_function(context, module, "absent")), DriverResult::not_found);
    EXPECT_TRUE(driver().module_function(context, module, "fill").has_value());
    EXPECT_TRUE(driver().module_unload(context, module).ok());
    EXPECT_EQ(code(driver().module_function(context, module, "fill")),
              DriverResult::invalid_handle);
  });
}

TEST_P(DriverContract, refuses_launch_configurations_at_the_call) {
  run([&] {
    gpu::Launch launch;
    launch.function = driver().module_function(context, module, "fill").value();
    launch.stream = stream;
    launch.block.x = 4096;
    EXPECT_EQ(code(driver().launch_kernel(context, launch)), DriverResult::invalid_value);
    launch.block.x = 128;
    launch.grid.x = 0;
    EXPECT_EQ(code(driver().launch_kernel(context, launch)), DriverResult::invalid_value);
    launch.grid.x = 1'000'000;
    launch.cooperative = true;
    EXPECT_EQ(code(driver().launch_kernel(context, launch)),
              DriverResult::cooperative_launch_too_large);
    EXPECT_TRUE(driver().stream_query(context, stream).ok());
  });
}

}  // namespace thresher::contract
