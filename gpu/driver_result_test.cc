// The table of result codes against cuda.h, where CUDA is installed, and against the reference.
#include "thresher/gpu/driver_result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#if __has_include(<cuda.h>)
#include <cuda.h>
#endif

namespace thresher::gpu {
namespace {

using Class = ErrorClass;
using enum DriverResult;

#if __has_include(<cuda.h>)
// Names come from the preprocessor and numbers from the header, so that neither can drift.
constexpr std::array cuda_codes{
#define CODE(name) std::pair<std::string_view, CUresult>{#name, name}
    CODE(CUDA_SUCCESS), CODE(CUDA_ERROR_INVALID_VALUE), CODE(CUDA_ERROR_OUT_OF_MEMORY),
    CODE(CUDA_ERROR_NOT_INITIALIZED), CODE(CUDA_ERROR_DEINITIALIZED),
    CODE(CUDA_ERROR_STUB_LIBRARY), CODE(CUDA_ERROR_DEVICE_UNAVAILABLE),
    CODE(CUDA_ERROR_NO_DEVICE), CODE(CUDA_ERROR_INVALID_DEVICE), CODE(CUDA_ERROR_INVALID_IMAGE),
    CODE(CUDA_ERROR_INVALID_CONTEXT), CODE(CUDA_ERROR_NO_BINARY_FOR_GPU),
    CODE(CUDA_ERROR_ECC_UNCORRECTABLE), CODE(CUDA_ERROR_INVALID_PTX),
    CODE(CUDA_ERROR_NVLINK_UNCORRECTABLE), CODE(CUDA_ERROR_JIT_COMPILER_NOT_FOUND),
    CODE(CUDA_ERROR_UNSUPPORTED_PTX_VERSION), CODE(CUDA_ERROR_CONTAINED),
    CODE(CUDA_ERROR_OPERATING_SYSTEM), CODE(CUDA_ERROR_INVALID_HANDLE),
    CODE(CUDA_ERROR_ILLEGAL_STATE), CODE(CUDA_ERROR_NOT_FOUND), CODE(CUDA_ERROR_NOT_READY),
    CODE(CUDA_ERROR_ILLEGAL_ADDRESS), CODE(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES),
    CODE(CUDA_ERROR_LAUNCH_TIMEOUT), CODE(CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE),
    CODE(CUDA_ERROR_CONTEXT_IS_DESTROYED), CODE(CUDA_ERROR_ASSERT),
    CODE(CUDA_ERROR_HARDWARE_STACK_ERROR), CODE(CUDA_ERROR_ILLEGAL_INSTRUCTION),
    CODE(CUDA_ERROR_MISALIGNED_ADDRESS), CODE(CUDA_ERROR_INVALID_ADDRESS_SPACE),
    CODE(CUDA_ERROR_INVALID_PC), CODE(CUDA_ERROR_LAUNCH_FAILED),
    CODE(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE), CODE(CUDA_ERROR_NOT_PERMITTED),
    CODE(CUDA_ERROR_NOT_SUPPORTED), CODE(CUDA_ERROR_SYSTEM_NOT_READY), CODE(CUDA_ERROR_TIMEOUT),
    CODE(CUDA_ERROR_UNKNOWN)};
#undef CODE

TEST(ResultTable, has_the_names_and_numbers_of_the_installed_cuda_header) {
  for (const ResultRow& row : result_table()) {
    if (row.code == process_gone) continue;
    const auto* at = std::ranges::find(cuda_codes, row.cuda_name,
                                       &std::pair<std::string_view, CUresult>::first);
    ASSERT_NE(at, cuda_codes.end()) << row.cuda_name;
    EXPECT_EQ(static_cast<int>(row.code), static_cast<int>(at->second)) << row.cuda_name;
  }
  EXPECT_EQ(result_table().size(), cuda_codes.size() + 1);
}
#endif

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
