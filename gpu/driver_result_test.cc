// The table of result codes against the fault model; against cuda.h see gpu/cuda.
#include "thresher/gpu/driver_result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>


namespace thresher::gpu {
namespace {

using Class = ErrorClass;
using enum DriverResult;

struct Expected {
  DriverResult code;
  Class error_class;
  Stickiness stickiness;
};

// Written down from docs/fault-model.md and not from the table under test.
constexpr std::array reference{
    Expected{success, Class::none, Stickiness::none},
    Expected{not_ready, Class::none, Stickiness::none},
    Expected{invalid_value, Class::caller_bug, Stickiness::none},
    Expected{invalid_handle, Class::caller_bug, Stickiness::none},
    Expected{invalid_ptx, Class::caller_bug, Stickiness::none},
    Expected{not_supported, Class::caller_bug, Stickiness::none},
    Expected{cooperative_launch_too_large, Class::caller_bug, Stickiness::none},
    Expected{out_of_memory, Class::capacity, Stickiness::none},
    Expected{launch_out_of_resources, Class::capacity, Stickiness::none},
    Expected{device_unavailable, Class::unavailable, Stickiness::none},
    Expected{system_not_ready, Class::unavailable, Stickiness::none},
    Expected{DriverResult::timeout, Class::unavailable, Stickiness::none},
    Expected{invalid_context, Class::context_lost, Stickiness::context},
    Expected{context_is_destroyed, Class::context_lost, Stickiness::context},
    Expected{DriverResult::assert, Class::context_lost, Stickiness::context},
    Expected{illegal_address, Class::process_lost, Stickiness::process},
    Expected{launch_timeout, Class::process_lost, Stickiness::process},
    Expected{hardware_stack_error, Class::process_lost, Stickiness::process},
    Expected{illegal_instruction, Class::process_lost, Stickiness::process},
    Expected{misaligned_address, Class::process_lost, Stickiness::process},
    Expected{invalid_address_space, Class::process_lost, Stickiness::process},
    Expected{invalid_pc, Class::process_lost, Stickiness::process},
    Expected{launch_failed, Class::process_lost, Stickiness::process},
    Expected{contained, Class::process_lost, Stickiness::process},
    Expected{process_gone, Class::process_lost, Stickiness::process},
    Expected{no_device, Class::device_lost, Stickiness::none},
    Expected{ecc_uncorrectable, Class::device_lost, Stickiness::process},
    Expected{nvlink_uncorrectable, Class::device_lost, Stickiness::process},
};

TEST(ResultTable, classes_and_stickiness_are_those_of_the_fault_model) {
  for (const Expected& expected : reference) {
    const ResultRow& row = result_row(expected.code);
    EXPECT_EQ(row.code, expected.code);
    EXPECT_EQ(row.error_class, expected.error_class) << row.cuda_name;
    EXPECT_EQ(row.stickiness, expected.stickiness) << row.cuda_name;
  }
}

TEST(ResultTable, every_asynchronous_code_is_sticky_and_needs_a_reset) {
  for (const ResultRow& row : result_table()) {
    if (!row.asynchronous) continue;
    EXPECT_NE(row.stickiness, Stickiness::none) << row.cuda_name;
    EXPECT_GE(row.error_class, Class::context_lost) << row.cuda_name;
  }
}

TEST(ResultTable, a_code_that_is_not_listed_counts_as_unknown) {
  EXPECT_EQ(result_row(static_cast<DriverResult>(721)).code, unknown);
  EXPECT_EQ(classify(static_cast<DriverResult>(12345)), Class::process_lost);
}

TEST(ResultTable, an_error_keeps_the_code_and_the_injected_mark) {
  const runtime::Error error = to_error({illegal_address, true}, 7);
  EXPECT_EQ(error.code, runtime::Errc::process_lost);
  EXPECT_EQ(error.driver_code, 700);
  EXPECT_TRUE(error.injected);
  EXPECT_EQ(error.id, 7u);
}

}  // namespace
}  // namespace thresher::gpu
