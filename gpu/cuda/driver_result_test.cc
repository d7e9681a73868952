// The table of result codes against cuda.h of the installed toolkit.
#include "thresher/gpu/driver_result.h"

#include <gtest/gtest.h>

#include <cuda.h>

#include <algorithm>
#include <array>
#include <utility>

namespace thresher::gpu {
namespace {

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
    if (row.code == DriverResult::process_gone) continue;
    const auto* at = std::ranges::find(cuda_codes, row.cuda_name,
                                       &std::pair<std::string_view, CUresult>::first);
    ASSERT_NE(at, cuda_codes.end()) << row.cuda_name;
    EXPECT_EQ(static_cast<int>(row.code), static_cast<int>(at->second)) << row.cuda_name;
  }
  EXPECT_EQ(result_table().size(), cuda_codes.size() + 1);
}

}  // namespace
}  // namespace thresher::gpu
